// All other systems.
import { table } from "./sample.ts";

export const nonstop = table(String.raw`
a file | file | PAYFILE | 40960 | 2004-01-19T09:45:33 | group=120 owner=44
PAYFILE       101            40960 19-Jan-04 09:45:33 120,44 "nuuu"
an owner with a space | file | OBJ | 1048 | 2009-02-03T22:10:01 | group=255 owner=0
OBJ           700             1048 3-Feb-09 22:10:01 255,  0 "nunu"
an open file | file | LOGFILE | 2048 | 2009-02-03T22:10:01 | group=255 owner=255
LOGFILE       101O            2048 3-Feb-09 22:10:01 255,255 "nunu"
`);

export const eplf = table(String.raw`
a file | file | index.html | 9041 | 2001-09-09T01:46:40 | unique=2049.77
"+i2049.77,m1000000000,r,s9041,\tindex.html"
a directory | directory | this and that | | 2001-09-09T01:46:40 | unique=2049.78
"+i2049.78,m1000000000,/,\tthis and that"
permissions | file | "\ttab " | 5 | | mode=4755
"+r,s5,up4755\t\ttab "
nothing but a name | unknown | name
"+\tname"
`);

export const vxworks = table(String.raw`
a directory | directory | boot dir | 1024 | 2001-06-19T17:03:44
     1024    Jun-19-2001  17:03:44   boot dir          <DIR>
a file | file | kernel.st | 903168 | 1990-01-01T00:00:02
   903168    JAN-01-1990  00:00:02   kernel.st
`);

export const vshell = table(String.raw`
a file | file | old file | 5513 | 2001-05-09T13:47
5513  May 09, 2001 13:47 old file
a directory | directory | old dir | 0 | 2003-01-22T06:58
0  Jan 22, 2003 06:58 old dir/
a file called like the half of a day | file | pm | 5513 | 2001-05-09T03:47
5513  May 09, 2001 03:47 pm
`);

export const wfftp = table(String.raw`
a file | file | router.cfg | 3380 | 2004-02-16T11:20:09
router.cfg           3380  02/16/04  Mon.     11:20:09
a file of the last century | file | boot.exe | 812544 | 1998-12-10T18:40:27
boot.exe           812544  12/10/98  Thur.    18:40:27
`);

export const os9 = table(String.raw`
a directory | directory | CMDS | 2080 | 2003-10-08T21:45 | group=4 owner=12
4.12   03/10/08 2145   d-ewrewr    1B00      2080 CMDS
a file whose size is in hexadecimal | file | startup | | 1992-11-01T00:04 | group=0 owner=0
0.0   92/11/01 0004   ----r-wr    2A50      1F4 startup
`);

export const unixNumeric = table(String.raw`
a file | file | numeric file | 4711 | 2001-09-09T01:46:40 | owner=1000 group=50 mode=640
0100640  1000   50    4711   1000000000       numeric file
a directory | directory | etc | 4096 | 2001-09-09T01:46:40 | owner=0 group=0 mode=755
040755   0  0   4096    1000000000 etc
`);

export const connectEnterprise = table(String.raw`
a batch | file | some batch | 730011 | 2026-03-04T10:28 | owner=ACME
-C--E-----FTP B ACME          318   730011 Mar 04 10:28 some batch
a batch without a protocol | file | <<LOG>> | 205 | 2025-12-24T18:00 | owner=grace
-SR--M------- A grace      7     205 Dec 24 18:00 <<LOG>>
a batch in the other form | file | two  words | 777 | 2000-08-17T15:20 | owner=ACME
ACME    00000031 00000777 <two  words>        000817-1520 CD   FTP ASC
a long name in the other form | file | A.LONG.NAME.OF.A.BATCH | 65536 | 2004-01-29T06:09 | owner=vendor
vendor   00000907 00065536 <A.LONG.NAME.OF.A.BATCH>+ 040129-0609  A RT      TCP BIN
`);

export const mpe = table(String.raw`
a directory | directory | uploads
          16W  HBD          0   67107839   1       32  1  *  uploads/
a file of bytes | file | letter | 2077
           1B  BA        2077 2147483647   1       16  1  *  letter
a file of fixed records, with its code | file | PROG | 51200
 NMPRG    128W  FB         200        200   1      208  1  *  PROG
the name in front | file | STOCK | 2304
STOCK     PRIV    128W  FB           9          9   1       16  1  1
records of a variable length | file | JOURNAL
JOURNAL           72B  VA         410        900   3      128  1  8
`);

export const mcp = table(String.raw`
a file | file | X/Y/Z | 180 | 2001-10-30T08:14
X/Y/Z                   SEQDATA   180 10/30/2001  08:14
a file of another kind | file | OBJECT/PAYROLL | 8400 | 2010-12-31T23:59:59
OBJECT/PAYROLL          COBOL85CODE  8400 12/31/2010  23:59:59
`);

export const vos = table(String.raw`
a file | file | ledger.pl1 | | 1993-02-27T07:31:18
w     44 stm       93-02-27 07:31:18  ledger.pl1
a directory | directory | sub dir | | 1993-02-27T07:31:18
m      3           93-02-27 07:31:18  sub dir
a link | symlink | logs | | 2002-11-20T19:08:55 | linkTarget=%sys#m1_d02>ops>logs
02-11-20 19:08:55  logs ->  %sys#m1_d02>ops>logs
`);

export const gcos = table(String.raw`
a file of GCOS 7 | file | MASTER | | 1998-03-07 | owner=OPERATOR
- - -----0 MARS         OPERATOR         MAR  7, 1998 MASTER
a catalog of GCOS 8 | directory | tests | | 1999-04-30 | owner=grace mode=770
d rwx rwx ---           0 04/30/99           grace         tests
a file of GCOS 8 | file | data one | 960 | 1999-07-11T16:02:33 | owner=lin mode=750
- rwx r-x ---         960 07/11/99 16:02:33  lin           data one
`);

export const tops20 = table(String.raw`
a file | file | START.CMD.4 | | 1991-06-20T15:31:00
<ADA>START.CMD.4;P777700;A,3,19-Jun-1991 08:00:59,20-Jun-1991 15:31:00,1-Jan-1992 12:00:00
a directory | directory | SUB | | 1991-06-20T15:31:00
<PUBLIC>SUB.DIRECTORY.1;P777752;A,12,19-Jun-1991 08:00:59,20-Jun-1991 15:31:00,1-Jan-1992 12:00:00
`);

export const dls = table(String.raw`
a file with a description | file | NEWS | 2210 | 2026-05-21T14:36
NEWS               2210  May 21 14:36  What has changed of late
a directory | directory | lib | | 1996-01-19
lib/                  -  Jan 19  1996
a directory, the day first | directory | etc | | 2026-05-21T14:37
etc/                  =  21 May 14:37
a link | symlink | current | 8 | 2026-05-21T14:37 | linkTarget=releases/7
current               8  May 21 14:37  -> releases/7
`);

export const mlsx = table(String.raw`
a file | file | some file | 1024 | 2006-08-17T05:06:07
type=file;size=1024;modify=20060817050607; some file
the directory itself | directory | /pub/src | | 2006-08-17T05:06:07 | perm=el special=current
type=cdir;modify=20060817050607;perm=el; /pub/src
`);
