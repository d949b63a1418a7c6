// Scripted peers, certificates, proxies and running programs for the tests of the other packages.
export {
  type Authority,
  type CertificateOptions,
  createAuthority,
  type Identity,
  selfSigned,
} from "./certificate.ts";
export { closedPort } from "./closed-port.ts";
export { type DelayedRelay, delayedRelay, type DelayedRelayOptions } from "./delayed-relay.ts";
export { dialogue } from "./dialogue.ts";
export { failureOf } from "./failure-of.ts";
export { gate } from "./gate.ts";
export { httpProxy } from "./http-proxy.ts";
export { oneByteRelay } from "./one-byte-relay.ts";
export { PeerGone } from "./peer-gone.ts";
export type { Script } from "./play.ts";
export { type Outcome, Program, type ProgramOptions, startProgram } from "./program.ts";
export type { ProxyOptions, ProxyRequest, ProxyServer } from "./proxy-server.ts";
export { type ExampleHost, runExample } from "./readme-example.ts";
export type { ScriptedPeer } from "./scripted-peer.ts";
export { type ScriptedServer, scriptedServer, type ScriptedServerOptions } from "./scripted-server.ts";
export { socks5Proxy } from "./socks5-proxy.ts";
export { CTRL_C, CTRL_D, hasPseudoTerminal, Terminal } from "./terminal.ts";
export { type TempDir, tempDir } from "./temp-dir.ts";
