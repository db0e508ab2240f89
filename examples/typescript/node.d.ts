// What the example uses of Node; a project has the package `@types/node`.
declare module "node:fs/promises" {
  export function readFile(path: string, encoding: "utf8"): Promise<string>;
}
declare const process: { argv: string[]; env: Record<string, string | undefined>; exitCode: number };
