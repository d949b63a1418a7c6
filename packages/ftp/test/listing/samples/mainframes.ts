// VMS and the systems of IBM: z/OS, z/VM, IBM i.
import { table } from "./sample.ts";

export const vms = table(String.raw`
a file of UCX | file | HANDBOOK.TEX;3 | | 1997-05-12T08:40:05 | group=GUESTS owner=FTP
HANDBOOK.TEX;3  88/90  12-MAY-1997 08:40:05  [GUESTS,FTP]  (RWED,RWED,,)
a directory of MultiNet | directory | INCOMING | | 1995-12-01T10:11 | group=LAB owner=HOPPER
INCOMING.DIR;1              2   1-DEC-1995 10:11 [LAB, HOPPER] (RWE,RWE,RE,RWE)
hundredths of seconds | file | .BANNER;12 | | 2004-10-09T21:15:30.250
.BANNER;12                  5   9-OCT-2004 21:15:30.25
no time | file | NOTIME.DAT;3 | | 2001-03-11 | owner=LAB_7
NOTIME.DAT;3    4/9    11-MAR-2001    [LAB_7]   (RWED,RWED,RE,)
an owner without brackets | file | OWNER.DAT;1 | | 2003-08-21 | owner=SMITH
OWNER.DAT;1    3/9    21-AUG-2003    SMITH   (RWED,RWED,RE,)
the owner first | file | FIRST.DAT;1 | | 2007-09-13T15:06 | owner=PLANS
FIRST.DAT;1   [PLANS]    2/9     13-SEP-2007 15:06  (RWE,RWE,RE,)
the size last | file | LAST.DAT;1 | | 1995-07-28T18:26:48
LAST.DAT;1        28-JUL-1995 18:26:48     512/520     (RWED,RWED,R,)
a size with a unit | file | UNIT.DAT;1 | | 2006-10-04T15:58:18.380
UNIT.DAT;1 7KB 4-OCT-2006 15:58:18.38
a directory in front, as CMU has | directory | TOOLS | | 1994-04-06T19:10
[LAB.FILES]TOOLS.DIR;1      1/3          6-APR-1994 19:10
no privilege to look | file | SECRET.TXT;1
SECRET.TXT;1        %RMS-E-PRV, insufficient privilege or file protection violation
no privilege, in words | file | SECRET.TXT;10
"SECRET.TXT;10\tNo privilege for attempted operation"
a name and nothing else | file | ALONE-AND-LONG.TYPE;1
ALONE-AND-LONG.TYPE;1
an escaped name | file | My^_file^.v2.txt;1 | | 2010-03-05T18:09:01.120
My^_file^.v2.txt;1  4  5-MAR-2010 18:09:01.12
`);

export const mvs = table(String.raw`
a sequential data set | file | SALES.REPORT
PRD001 3390   2007/06/18  1   45  FB     133 27930  PS  SALES.REPORT
a partitioned data set | directory | TEST.CNTL
PRD002 3390   2008/01/22  2   30  FB      80 27920  PO  TEST.CNTL
an extended partitioned data set | directory | TEST.LOAD
PRD002 3390   2008/01/22  1    8  U    32760 32760  PO-E  TEST.LOAD
a data set that was never used | directory | 'PROD.EMPTY'
PRD003 3390   ***NONE***  1    9  NONE     0     0  PO  'PROD.EMPTY'
a data set with many extents | directory | BIG.LOAD
PRD004 3380   2009/11/30121 9017  U    13030 13030  PO  BIG.LOAD
a data set with very many tracks | file | HUGE.FILE
PRD005 3390   2012/02/14  5 ++++  FB     400 27600  PS  HUGE.FILE
VSAM | file | STOCK.DATA
PRD006 3390                                        VSAM STOCK.DATA
a migrated data set | file | OLD.LISTING
Migrated                                                OLD.LISTING
a pseudo directory | directory | TEAM
Pseudo Directory                                        TEAM
a data set out of reach | unknown | 'PROD.LOCKED'
Error determining attributes                            'PROD.LOCKED'
a tape | file | OLD.BACKUP
T00817 Tape                                             OLD.BACKUP
a volume that is not mounted | file | 'PROD.AWAY'
PRD099 Not Mounted                                      'PROD.AWAY'
an archive | file | OLD.STUFF
ARCIVE Not Direct Access Device                         OLD.STUFF
a member | file | COMPILE | | 1999-04-17T09:58 | owner=ADA
COMPILE   01.12 1996/02/01 1999/04/17 09:58    44    40     6 ADA
a member of long ago | file | $INDEX | | 1993-07-08T14:12 | owner=BOB
 $INDEX    01.03 88/12/24 93/07/08 14:12    61    60     1 BOB
a load module | file | PAYROLL
PAYROLL   001A28 000207          00 FO             RN RU            31    ANY
an alias of a load module | file | PAY
PAY       001A28 000207 PAYROLL  00 FO                31    ANY
a job of level 1 | file | JOB00417
ADA1      JOB00417  OUTPUT    5 Spool Files
a job of level 1 that waits | file | JOB00418
ADA1      JOB00418  INPUT
a job of level 2 | file | TSU00093 | | | owner=ADA
ADA      TSU00093 ADA      OUTPUT TSU      ABEND=222 4 spool files
a started task | file | STC00007
NETTASK  STC00007 ++++++++ ACTIVE STC
`);

export const os400 = table(String.raw`
a directory | directory | big home | 8192 | 2001-05-29T08:17:40 | owner=ADA
ADA              8192 05/29/01 08:17:40 *DIR       big home/
a file, the day first | file | NIGHTSAVF | 540672 | 2001-05-29T08:17:40 | owner=ADA
ADA            540672 29/05/01 08:17:40 *FILE      NIGHTSAVF
dots | file | report.txt | 1530 | 2008-03-31T16:44:02 | owner=QUSER
QUSER            1530 31.03.08 16:44:02 *STMF      report.txt
the year first | file | report.txt | 1530 | 1998-03-31T16:44:02 | owner=QUSER
QUSER            1530 98-03-31 16:44:02 *STMF      report.txt
a member | file | QGPL/ORDERS.ORDERS | | | owner=QUSER
QUSER                                   *MEM       QGPL/ORDERS.ORDERS
no owner | symlink | link | 4096 | 2015-06-30T15:36:52
                 4096 06/30/15 15:36:52 *SYMLNK    link
a queue | other | NIGHT | | 2015-06-30T15:36:52 | owner=QSYS
QSYS                  06/30/15 15:36:52 *JOBQ      NIGHT
a folder of the document library | directory | /QDLS/LETTERS | 0 | 1997-10-23T06:05:04
/QDLS/LETTERS      0 10/23/97 06:05:04 DIR
`);

export const zvm = table(String.raw`
a file of fixed records | file | GREETING.TEXT | 2400 | 2001-08-13T07:00:09
GREETING TEXT     F         80         30          1 2001-08-13 07:00:09 -
a file of variable records | file | ARCHIVE.NAMES | | 2001-08-13T07:00:09 | owner=ADA191
ARCHIVE  NAMES    V         71         26          1 2001-08-13 07:00:09 ADA191
a directory | directory | PICTURES | | 1998-03-21T11:44:50
PICTURES          DIR        -          -          - 1998-03-21 11:44:50 -
an older server | directory | PICTURES | | 1998-03-21T11:44:50
PICTURES          DIR        -          -          -  3/21/98 11:44:50 -
a file with its mode | file | SYNONYM.TABLE | | 1992-10-17T14:09:31
SYNONYM  TABLE     A1 V      52     33     1      10/17/92   14:09:31
years from 1900 | file | SYNONYM.TABLE | | 2001-02-04T08:07:06
SYNONYM  TABLE     A0 V      52     33     1       2/04/101  08:07:06
a directory with its mode | directory | SOURCES | | 1992-10-17T14:09:31
SOURCES            A1 DIR    -      -      -      10/17/92   14:09:31
a file of the byte file system | file | my line.txt | 10240 | 2002-11-05T16:27:38
11/05/2002 16:27:38 F  1      10240 'my line.txt'
a directory of the byte file system | directory | Mail | | 2002-11-05T16:27:38
11/05/2002 16:27:38 D  -          - 'Mail'
`);
