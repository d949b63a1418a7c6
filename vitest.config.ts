import { defineConfig } from "vitest/config";
import { readmeExamples } from "./tooling/readme-examples.ts";

// Tests read the sources: a change needs no build before `vitest`.
const conditions = ["@netcli/source", "node", "import", "module", "default"];

// .ci/run counts the tests from this report; the reporter for people stays beside it.
const json = process.env["VITEST_JSON"];

export default defineConfig({
  plugins: [readmeExamples()],
  ssr: { resolve: { conditions } },
  test: {
    include: ["packages/*/test/**/*.test.ts", "apps/*/test/**/*.test.ts", "tooling/*/test/**/*.test.ts"],
    ...(json !== undefined && { reporters: ["default", ["json", { outputFile: json }]] }),
    coverage: {
      provider: "v8",
      include: ["packages/*/src/**"],
      reporter: ["text", "json-summary", "lcovonly"],
    },
  },
});
