// How the names of scenarios are said in the report.
export const spoken = (name) => name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
