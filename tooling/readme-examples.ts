// Lets tests run the examples of a README: `README.md?example=2` is its third ```ts block, as a module, with the
// example.com hosts in it replaced by those of the test and its console collected. See runExample in test-kit.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vitest/config";

const REQUEST = /^(.*README\.md)\?example=(\d+)$/;
const MODULE = /^(.*README\.md)\?example=(\d+)&lang\.ts$/;

export function readmeExamples(): Plugin {
  return {
    name: "readme-examples",
    enforce: "pre",
    // The suffix has the compiler take it for TypeScript.
    resolveId(id, importer = "") {
      if (REQUEST.test(id)) return `${id}&lang.ts`;
      // The workspace's README stands in no package that could depend on others.
      const name = MODULE.test(importer) ? /^@netcli\/([\w-]+)$/.exec(id)?.[1] : undefined;
      return name === undefined
        ? undefined
        : fileURLToPath(new URL(`../packages/${name}/src/index.ts`, import.meta.url));
    },
    load(id) {
      const [, file, number] = MODULE.exec(id) ?? [];
      if (file === undefined) return undefined;
      const blocks = [...readFileSync(file, "utf8").matchAll(/^```ts\n(.*?)^```$/gms)];
      const code = blocks[Number(number)]?.[1];
      if (code === undefined) throw new Error(`${file} has only ${blocks.length} examples`);
      return `const example = globalThis[Symbol.for("netcli.example")];
const console = { log: (...args) => example.output.push(args.join(" ")) };
${withTestHosts(code)}`;
    },
  };
}

function withTestHosts(code: string): string {
  return code
    .replaceAll(
      /"(\w+:\/\/)([a-z]+\.example\.com)([^"]*)"/g,
      '`$1${example.hosts["$2"].host}:${example.hosts["$2"].port}$3`',
    )
    .replaceAll(
      /host: "([a-z]+\.example\.com)"(?:, port: \d+)?/g,
      'host: example.hosts["$1"].host, port: example.hosts["$1"].port',
    );
}
