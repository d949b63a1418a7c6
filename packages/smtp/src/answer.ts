// What became of a command, or of a message: a reply, or an error where there was none.
import type { Outcome } from "@netcli/core-transport";
import { isPositive, type SmtpReply } from "./reply.ts";

export type Answer = Outcome<SmtpReply>;

export function saysYes(answer: Answer | undefined): boolean {
  return answer?.value !== undefined && isPositive(answer.value);
}

/** Is it a refusal (4yz, 5yz)? */
export function saysNo(answer: Answer | undefined): boolean {
  return answer?.value !== undefined && answer.value.code >= 400;
}
