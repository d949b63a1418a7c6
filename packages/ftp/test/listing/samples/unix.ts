// `ls -l` and its kin. NOW is 15 July 2026, noon.
import { table } from "./sample.ts";

export const unix = table(String.raw`
a file of this year | file | notes.txt | 1048 | 2026-03-09T07:41 | owner=root group=wheel mode=644
-rw-r--r--   1 root     wheel        1048 Mar  9 07:41 notes.txt
a file of last year's autumn | file | notes.txt | 1048 | 2025-10-21T23:59 | owner=root group=wheel mode=644
-rw-r--r--   1 root     wheel        1048 Oct 21 23:59 notes.txt
an old directory | directory | attic | 512 | 1997-11-03 | owner=root group=wheel mode=751
drwxr-x--x  12 root     wheel         512 Nov  3  1997 attic
a link | symlink | lib | 9 | 2011-01-12 | owner=root group=wheel mode=777 linkTarget=usr/lib64
lrwxrwxrwx   1 root     wheel           9 Jan 12  2011 lib -> usr/lib64
a link of names with spaces | symlink | my link | 11 | 2011-01-12 | owner=root group=wheel mode=777 linkTarget="some  where"
lrwxrwxrwx   1 root     wheel          11 Jan 12  2011 my link -> some  where
a link whose name has an arrow | symlink | a -> b | 3 | 2011-01-12 | owner=root group=wheel mode=777 linkTarget=etc
lrwxrwxrwx   1 root     wheel           3 Jan 12  2011 a -> b -> etc
a link whose target has an arrow | symlink | a | 10 | 2011-01-12 | owner=root group=wheel mode=777 linkTarget="bü -> etc"
lrwxrwxrwx   1 root     wheel          10 Jan 12  2011 a -> bü -> etc
a link without a target | symlink | lost | 3 | 2011-01-12 | owner=root group=wheel mode=777
lrwxrwxrwx   1 root     wheel           3 Jan 12  2011 lost
the directory itself | directory | . | 4096 | 2026-07-15T12:30 | owner=root group=wheel mode=755 special=current
drwxr-xr-x   2 root     wheel        4096 Jul 15 12:30 .
the directory above | directory | .. | 4096 | 2026-07-16T11:59 | owner=root group=wheel mode=755 special=parent
drwxr-xr-x   2 root     wheel        4096 Jul 16 11:59 ..
a date that can only be of last year | file | x | 12 | 2025-07-16T12:01 | owner=root group=wheel mode=644
-rw-r--r--   1 root     wheel          12 Jul 16 12:01 x
29 February, of the last leap year | file | x | 12 | 2024-02-29T10:00 | owner=root group=wheel mode=644
-rw-r--r--   1 root     wheel          12 Feb 29 10:00 x
the end of a day as 24:00 | file | x | 12 | 2026-04-08T00:00 | owner=root group=wheel mode=644
-rw-r--r--   1 root     wheel          12 Apr  7 24:00 x
an hour of one digit | file | x | 12 | 2026-03-25T04:17 | owner=root group=wheel mode=7745
-rwsr-Sr-t   1 root     wheel          12 Mar 25 4:17 x
sticky and mandatory locking | file | x | 12 | 2026-03-25T10:23 | owner=root group=wheel mode=3644
-rw-r-lr-T   1 root     wheel          12 Mar 25 10:23 x
numbers for owner and group | file | mail | 3 | 2004-09-30 | owner=1001 group=0 mode=600
-rw-------   1 1001     0                3 Sep 30  2004 mail
no group | directory | pub | 1024 | 2003-05-01 | owner=ftp mode=555
dr-xr-xr-x   3 ftp          1024 May  1  2003 pub
neither owner nor group | file | plain | 77 | 2005-11-11 | mode=444
-r--r--r--   1 77 Nov 11  2005 plain
nothing but a size | file | alone | 4096 | 1999-12-31 | mode=666
-rw-rw-rw-  4096 Dec 31  1999 alone
a group of two words | file | plan.doc | 640 | 2026-02-14T16:00 | owner=ada group="Domain Users" mode=750
-rwxr-x---   1 ada  Domain Users      640 Feb 14 16:00 plan.doc
an owner of two words | file | plan.doc | 640 | 2026-02-14T16:00 | owner="Ada Byron" group=users mode=750
-rwxr-x---   1 Ada Byron   users      640 Feb 14 16:00 plan.doc
a group that ends in a number | file | plan.doc | 640 | 2026-02-14T16:00 | owner=ada group="team no 7" mode=750
-rwxr-x---   1 ada     team no 7        640 Feb 14 16:00 plan.doc
a group that leaves no space | file | tight | 98765 | 2026-03-13T18:21 | owner=someowner group=somegroup mode=555
-r-xr-xr-x someowner somegroup98765 Mar 13 18:21 tight
an owner called like a month | file | diary | 512 | 2006-06-05 | owner=jan group=may mode=644
-rw-r--r--   1 jan      may          512 Jun  5  2006 diary
many links that leave no space | directory | 20190417 | 77824 | 2026-04-17T06:05 | owner=root group=wheel mode=755
drwxr-xr-x+2077 root     wheel       77824 Apr 17 06:05 20190417
an access control list | file | acl | 100 | 2019-05-20 | owner=root group=wheel mode=664
-rw-rw-r--+  1 root     wheel         100 May 20  2019 acl
a security context | file | selinux | 100 | 2019-05-20 | owner=root group=wheel mode=664
-rw-rw-r--.  1 root     wheel         100 May 20  2019 selinux
extended attributes | file | mac | 100 | 2019-05-20 | owner=root group=wheel mode=664
-rw-rw-r--@  1 root     wheel         100 May 20  2019 mac
a block device | device | sda | | 2000-01-01 | owner=root group=disk mode=660
brw-rw----   1 root     disk       8,   0 Jan  1  2000 sda
a device without spaces | device | fd | | 2005-08-04 | owner=root group=sys mode=600
crw-------   1 root     sys      118,733 Aug  4  2005 fd
a device in hexadecimal | device | tty | | 2005-08-04 | owner=bin group=sys mode=666
crw-rw-rw-   1 bin      sys      0x1f   0x3 Aug  4  2005 tty
a pipe | pipe | fifo | 0 | 2000-01-01 | owner=root group=wheel mode=644
prw-r--r--   1 root     wheel           0 Jan  1  2000 fifo
a socket | socket | X0 | 0 | 2000-01-01 | owner=root group=wheel mode=777
srwxrwxrwx   1 root     wheel           0 Jan  1  2000 X0
a door of Solaris | other | door | 0 | 2000-01-01 | owner=root group=wheel mode=644
Drw-r--r--   1 root     wheel           0 Jan  1  2000 door
inode and blocks in front | file | lis | 5120 | 2000-01-01 | owner=root group=wheel mode=644
  262149     8 -rw-r--r--   1 root     wheel        5120 Jan  1  2000 lis
blocks in front | directory | ls | 5120 | 2000-01-01 | owner=root group=wheel mode=755
  12 drwxr-xr-x   2 root     wheel        5120 Jan  1  2000 ls
a name with spaces around it | file | "  two  and two  " | 1 | 2000-01-01 | owner=root group=wheel mode=644
"-rw-r--r--   1 root     wheel           1 Jan  1  2000   two  and two  "
a name of one space | file | " " | 1 | 2000-01-01 | owner=root group=wheel mode=644
"-rw-r--r--   1 root     wheel           1 Jan  1  2000  "
an empty name | file | "" | 1 | 2000-01-01 | owner=root group=wheel mode=644
"-rw-r--r--   1 root     wheel           1 Jan  1  2000 "
a name that begins like a date | file | 1999 12:30 abc.csv | 3077 | 2026-04-28T10:52 | owner=root group=wheel mode=644
-rw-r--r--   1 root     wheel        3077 Apr 28 10:52 1999 12:30 abc.csv
a name with a slash | file | ../etc/passwd | 1 | 2000-01-01 | owner=root group=wheel mode=644
-rw-r--r--   1 root     wheel           1 Jan  1  2000 ../etc/passwd
a size beyond four gigabytes | file | big | 5000000000000 | 2000-01-01 | owner=root group=wheel mode=644
-rw-r--r--   1 root     wheel 5000000000000 Jan  1  2000 big
a size that is not exact | file | rounded | | 2025-11-08T19:11 | owner=root group=wheel mode=644
-rw-r--r--   1 root     wheel       12.7k Nov  8 19:11 rounded
a size with separators | file | commas | 1234567 | 2025-10-05T21:22 | owner=root group=wheel mode=644
-rw-r--r--   1 root     wheel   1,234,567 Oct  5 21:22 commas
the long-iso style | file | iso | 918 | 2007-03-04T05:06 | owner=root group=wheel mode=644
-rw-r--r-- 1 root wheel 918 2007-03-04 05:06 iso
the full-iso style | file | iso | 918 | 2007-03-04T03:06:07.987 | owner=root group=wheel mode=644
-rw-r--r-- 1 root wheel 918 2007-03-04 05:06:07.987654321 +0200 iso
the iso style, this year | file | iso | 918 | 2026-04-30T17:18 | owner=root group=wheel mode=644
-rw-r--r-- 1 root wheel 918 04-30 17:18 iso
the iso style, years ago | file | iso | 918 | 2001-11-17 | owner=root group=wheel mode=644
-rw-r--r-- 1 root wheel 918 2001-11-17  iso
month and day in numbers, and a year | file | iso | 918 | 2001-11-17 | owner=root group=wheel mode=644
-rw-r--r-- 1 root wheel 918 11-17 2001 iso
seconds and a year, as BSD's -T has | file | bsd | 918 | 2007-03-04T05:06:07 | owner=root group=wheel mode=644
-rw-r--r-- 1 root wheel 918 Mar  4 05:06:07 2007 bsd
the day of the week | file | busybox | 918 | 2007-03-04T05:06:07 | owner=root group=wheel mode=644
-rw-r--r-- 1 root wheel 918 Sun Mar  4 05:06:07 2007 busybox
the day before the month | directory | swapped | 512 | 2003-11-02 | owner=root group=wheel mode=755
drwxr-xr-x 3 root wheel 512 02 nov 2003 swapped
the day before the month, and a time | directory | 2019 Reports | 0 | 2026-06-19T05:31 | owner=0 group=0 mode=777
drwxrwxrwx   1 0        0               0 19 Jun 05:31 2019 Reports
a date in one word | file | short | 773 | 1998-07-09 | owner=root group=wheel mode=555
-r-xr-xr-x 2 root wheel 773 09-jul-98 short
slashes, the year first | file | slashes | 6006 | 1998-11-23T08:19 | owner=root group=wheel mode=555
-r-xr-xr-x 2 root wheel 6006 1998/11/23 08:19 slashes
dashes, the day first | file | dashes | 6006 | 2006-05-23T18:14 | owner=root group=wheel mode=555
-r-xr-xr-x 2 root wheel 6006 23-05-2006 18:14 dashes
dots | file | dots | 311 | 2006-08-19 | owner=root group=wheel mode=555
-r-xr-xr-x 2 root wheel 311 2006.08.19 dots
numbers without marks | file | numbers | 311 | 2026-04-27T05:38 | owner=root group=wheel mode=555
-r-xr-xr-x 2 root wheel 311 4 27 05:38 numbers
VShell's date | file | newer | 17 | 2003-11-09T10:58 | owner=root group=wheel mode=755
-rwxr-xr-x    1 root wheel       17 Nov 09, 2003 10:58 newer
a file of NetPresenz | file | Talk.sit | 884201 | 1996-12-02 | mode=4
-------r--         201   884000   884201 Dec  2  1996 Talk.sit
a folder of NetPresenz | directory | Games | | 1997-04-03 | mode=775
drwxrwxr-x               folder        5 Apr  3  1997 Games
a file of WebStar | file | index.html | 2417 | 2026-05-11T10:27 | mode=444
-r--r--r--           0     2417     2417 May 11 10:27 index.html
a file of Peter's server on a Macintosh | file | Two words.jpg | 90210 | 2011-03-14 | mode=644
-rw-r--r--    60110       30100       90210 Mar 14  2011 Two words.jpg
a file of its that has no resources | file | plain.jpg | 30100 | 2026-05-11T10:27 | mode=644
-rw-r--r--        0       30100       30100 May 11 10:27 plain.jpg
a folder of Peter's server | directory | Alias_to_Games | | 2004-01-14 | mode=755
drwxr-xr-x               folder        0 Jan 14  2004 Alias_to_Games
a folder of IIS | directory | drivers | 0 | 2026-06-10T20:53 | owner=owner group=group mode=0
d---------   1 owner    group               0 Jun 10 20:53 drivers
hostedftp's links | file | Hosted | 41200371 | 2026-02-20T04:15 | owner=user group=group mode=400
-r--------   0 user group     41200371 Feb 20 04:15 Hosted
a month that nobody knows | file | unknown | 531 | | owner=root group=wheel mode=644
-rw-r--r--   1 root     wheel         531 Qwx 30 04:27 unknown
a month in a broken encoding | file | broken | 531 | | owner=root group=wheel mode=644
"-rw-r--r--   1 root     wheel         531 f\uFFFDv 28 04:27 broken"
a day that does not exist | file | never | 531 | | owner=root group=wheel mode=644
-rw-r--r--   1 root     wheel         531 Aug 37  2002 never
a time that does not exist | file | never | 531 | | owner=root group=wheel mode=644
-rw-r--r--   1 root     wheel         531 Aug  3 25:01 never
no date at all | directory | dateless name | 512 | | owner=root group=wheel mode=755
drwxr-xr-x 3 root wheel 512 dateless name
what ls may not look at | file | secret
-????????? ? ?    ?       ?            ? secret
a directory that ls may not look at | directory | " spaced"
d????????? ? ? ? ?            ?  spaced
`);
