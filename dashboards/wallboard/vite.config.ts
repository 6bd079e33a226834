import { defineConfig } from "vitest/config";

export default defineConfig({
  base: "/page/",
  build: {
    // Television sets of 2020 are Chromium 68. Only syntax is translated: newer functions must not be used.
    target: "chrome68",
    cssTarget: "chrome68",
    outDir: "../../monitor/web/wallboard",
    emptyOutDir: true,
    assetsDir: "",
    assetsInlineLimit: 0, // the content security policy allows no data: addresses
    modulePreload: { polyfill: false },
    license: { fileName: "licenses.md" },
    chunkSizeWarningLimit: 100,
  },
  test: { include: ["tests/**/*.test.{ts,tsx}"], restoreMocks: true },
});
