// The exports of @netcli/pop3, nothing else.
export {};
