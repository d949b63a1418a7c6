// Fetches mail.
export {};
