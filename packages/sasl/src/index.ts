// The exports of @netcli/sasl, nothing else.
export { anonymous } from "./anonymous.ts";
export {
  authenticate,
  type AuthenticateOptions,
  type Exchange,
  type RefusalReason,
  type ServerStep,
} from "./authenticate.ts";
export { decodeBase64, encodeBase64 } from "./base64.ts";
export { type BearerOptions, oauthBearer, type OauthBearerOptions, xoauth2 } from "./bearer.ts";
export { type ChannelBinding, channelBindings } from "./channel-binding.ts";
export { chooseMechanisms, type ChoiceOptions, type Credentials } from "./choose.ts";
export { cramMd5 } from "./cram-md5.ts";
export { MechanismError, type MechanismErrorDetails } from "./errors.ts";
export { external, type ExternalOptions } from "./external.ts";
export { lineExchange, type LineFraming } from "./line-exchange.ts";
export { login } from "./login.ts";
export { hasCredentials, type LoginOptions, type LoginPlace, mechanismsFor } from "./login-options.ts";
export { type Mechanism, type Strength, strengths } from "./mechanism.ts";
export { plain, type PasswordOptions } from "./plain.ts";
export { saslprep } from "./saslprep.ts";
export { scram, type ScramOptions, type ScramSettings } from "./scram.ts";
export type { ScramHash } from "./scram-proof.ts";
export type { Secret } from "./secret.ts";
