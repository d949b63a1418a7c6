// The exports of @netcli/command-line, nothing else.
export {};
