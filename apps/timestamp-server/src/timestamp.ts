// What the server answers.

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** The local time as C's `ctime` and Python's `time.ctime` write it: `Fri Nov  6 09:05:00 2026`. */
export function ctime(time: Date): string {
  const day = String(time.getDate()).padStart(2, " ");
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()]
    .map((number) => String(number).padStart(2, "0"))
    .join(":");
  return `${DAYS[time.getDay()]} ${MONTHS[time.getMonth()]} ${day} ${clock} ${time.getFullYear()}`;
}

/** The text with the time in front. */
export function stamp(text: string): string {
  return `[${ctime(new Date())}] ${text}`;
}
