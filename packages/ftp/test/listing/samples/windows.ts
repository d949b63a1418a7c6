// Windows, DOS, OS/2 and NetWare.
import { table } from "./sample.ts";

export const dos = table(String.raw`
a directory of IIS | directory | Old reports | | 2001-03-30T12:41
03-30-01  12:41PM       <DIR>          Old reports
a file of IIS | file | price list.xls | 70144 | 2001-05-07T16:02
05-07-01  04:02PM                70144 price list.xls
a file after midnight | file | empty | 0 | 1998-11-06T00:05
11-06-98  12:05AM                    0 empty
a year of four digits | directory | upload | | 2011-07-21T03:09
07-21-2011  03:09AM       <DIR>          upload
the year first, and 24 hours | directory | upload | | 2012-12-02T17:35
2012-12-02  17:35       <DIR>          upload
a size with separators | file | backup.zip | 1204555 | 2012-12-02T17:36
2012-12-02  17:36            1,204,555 backup.zip
dots, as in Germany | file | Liste.txt | 1204555 | 2009-02-13T19:06
13.02.2009  19:06            1.204.555 Liste.txt
slashes, and PM as a word | directory | Tools | | 2010-10-24T21:17
10/24/2010  09:17 PM    <DIR>          Tools
slashes, the day first | file | lisez.txt | 655 | 2010-10-24T09:17
24/10/2010  09:17               655 lisez.txt
a directory of Windows CE | directory | Storage Card | | 1999-01-01T11:00
01-01-99  11:00AM          <DIR>                  Storage Card
a file of Windows CE | file | scan.log | 7730 | 2007-08-19T18:20
08-19-07  06:20PM                                7730 scan.log
a junction | symlink | Data | | 2023-05-08T09:00 | linkTarget="D:\\shared data"
05-08-23  09:00AM       <JUNCTION>     Data [D:\shared data]
a link to a directory | symlink | Docs | | 2023-05-08T09:00
05-08-23  09:00AM       <SYMLINKD>     Docs
a link to a file | symlink | a [b] | | 2023-05-08T09:00 | linkTarget=..\c
05-08-23  09:00AM       <SYMLINK>      a [b] [..\c]
a name with a leading space | file | " led" | 70144 | 2001-05-07T16:02
05-07-01  04:02PM                70144  led
a directory with leading spaces | directory | "  led  " | | 2001-03-30T12:41
"03-30-01  12:41PM       <DIR>            led  "
less padding | directory | near | | 2001-03-30T12:41
03-30-01  12:41PM <DIR> near
the directory above | directory | .. | | 2001-03-30T12:41 | special=parent
03-30-01  12:41PM       <DIR>          ..
a day that does not exist | file | never | 12
02-30-01  12:09PM                   12 never
`);

export const os2 = table(String.raw`
a file | file | paper.inf | 52870 | 2002-09-14T20:31
            52870      A          09-14-102  20:31  paper.inf
a file without attributes | file | SETUP.CMD | 1911 | 1996-03-05T08:15
             1911                 03-05-96   08:15  SETUP.CMD
a directory | directory | FONTS | | 1996-03-05T08:16
                0  DIR            03-05-96   08:16  FONTS
a hidden directory | directory | " HIDDEN" | | 1996-03-05T08:16
                0  RHS   DIR      03-05-96   08:16   HIDDEN
`);

export const netware = table(String.raw`
a directory | directory | public | 512 | 2026-02-17T08:44 | owner=admin
d [R----F--] admin                 512       Feb 17 08:44    public
a file | file | net.exe | 98304 | 2025-11-29T19:05 | owner=grace
- [RWCEAFMS] grace               98304       Nov 29 19:05    net.exe
a file of an older server | file | read me.txt | 2001 | 1997-06-03 | owner=lin
-[RWCEMFA] lin                    2001 Jun 03  1997 read me.txt
print services for Unix | file | vol$log.err | 4410 | 1998-10-25T16:05 | owner=fs1
-[RWCEAFMS] fs1              4410     Oct 25, 98 4:05 pm vol$log.err
`);

export const pc = table(String.raw`
a file of SuperTCP | file | GUIDE.DOC | 20480 | 1996-08-19T09:12
GUIDE.DOC            20480      08-19-96        09:12
a directory of SuperTCP | directory | BIN | | 1995-01-31T16:50
BIN             <DIR>           01/31/95        16:50
a file of WinQVT | file | notes.txt | 0 | 2001-09-30T23:59
notes.txt                       0  09-30-2001 23:59
a directory of WinQVT | directory | docs | | 2001-09-30T23:59
docs/                           0  09-30-2001 23:59
a file of Chameleon | file | PLAN.WK1 | 8206 | 1996-04-22T11:08
PLAN.WK1         8206      Apr 22 1996 11:08   RA
a directory of Chameleon | directory | SETUP | | 1996-04-22T11:08
SETUP           <DIR>      Apr 22 1996 11:08
a file of PC-NFS | file | game.com | 1020304 | 1998-03-15T23:40
game     com     1,020,304 03-15-98  11:40p
a directory of PC-NFS | directory | work | | 1998-03-15T04:30
work         <dir>         03-15-98   4:30a
a file of PC/TCP | file | AUTOEXEC.BAT | 312 | 1995-01-09T10:00:31
       312        AUTOEXEC.BAT   Mon Jan 09 10:00:31 1995
a directory of PC/TCP | directory | DOS | | 1995-01-09T10:02:07
<dir>                      DOS   Mon Jan 09 10:02:07 1995
a file of Distinct | file | some text.txt | 88 | 2001-11-16T07:25
-wa--          88  Nov 16,2001  07:25  some text.txt
a directory of Distinct | directory | sub | | 2001-11-16T07:25
dw---           0  Nov 16,2001  07:25  sub
`);
