// The exports of @netcli/smtp/nodemailer, nothing else.
export {};
