// All formats that are tried on a line, the likely ones first. Each is asked only until one understands the line, and
// none understands what another one does: a test sees to that.
import { scanConnectEnterprise } from "./connect-enterprise.ts";
import { scanDls } from "./dls.ts";
import { scanDos } from "./dos.ts";
import { scanEplf } from "./eplf.ts";
import { scanGcos } from "./gcos.ts";
import { scanMcp } from "./mcp.ts";
import { scanMlsx } from "./mlsx.ts";
import { scanMpe } from "./mpe.ts";
import { scanMvsDataset } from "./mvs-dataset.ts";
import { scanMvsJes } from "./mvs-jes.ts";
import { scanMvsMember } from "./mvs-member.ts";
import { scanNetware } from "./netware.ts";
import { scanNonstop } from "./nonstop.ts";
import { scanOs2 } from "./os2.ts";
import { scanOs400 } from "./os400.ts";
import { scanOs9 } from "./os9.ts";
import { scanPc } from "./pc.ts";
import type { Scanner } from "./scanner.ts";
import { scanTops20 } from "./tops20.ts";
import { scanUnixNumeric } from "./unix-numeric.ts";
import { scanUnix } from "./unix.ts";
import { scanVms } from "./vms.ts";
import { scanVos } from "./vos.ts";
import { scanVshell } from "./vshell.ts";
import { scanVxworks } from "./vxworks.ts";
import { scanWfftp } from "./wfftp.ts";
import { scanZvm } from "./zvm.ts";

export const DIALECTS: readonly Scanner[] = [
  scanUnix,
  scanDos,
  scanMlsx,
  scanVms,
  scanMvsDataset,
  scanMvsMember,
  scanMvsJes,
  scanOs400,
  scanNonstop,
  scanZvm,
  scanEplf,
  scanNetware,
  scanOs2,
  scanVxworks,
  scanVshell,
  scanWfftp,
  scanOs9,
  scanUnixNumeric,
  scanConnectEnterprise,
  scanMpe,
  scanMcp,
  scanVos,
  scanGcos,
  scanTops20,
  scanPc,
  scanDls,
];
