import { defineConfig } from "vitest/config";

// Tests read the sources: a change needs no build before `vitest`.
const conditions = ["@netcli/source", "node", "import", "module", "default"];

export default defineConfig({
  ssr: { resolve: { conditions } },
  test: {
    include: ["packages/*/test/**/*.test.ts", "apps/*/test/**/*.test.ts", "tooling/*/test/**/*.test.ts"],
    coverage: {
      provider: "v8",
      include: ["packages/*/src/**"],
      reporter: ["text", "json-summary", "lcovonly"],
    },
  },
});
