// Sends a mail.
export {};
