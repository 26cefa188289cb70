/** What the server's `detail` says, and the field it says it of; null when it is about no field of this form. */
export interface Refusal {
  readonly field: string | null;
  readonly message: string;
}

const PLACED = /^(?:tasks\[\d+\](?:\.|: ))?([a-z_]+)(?:\.[\w.]+|\[[^\]]*\])*(: | (?=must|needs|is |holds|has ))/;
const MISSING = /^Object missing required field `([a-z_]+)`/;

/** Finds the field that a problem's `detail` begins with, if it is one of `fields`. */
export function refusalOf(detail: string, fields: readonly string[]): Refusal {
  const missing = MISSING.exec(detail)?.[1];
  if (missing && fields.includes(missing)) return { field: missing, message: "is needed" };
  const placed = PLACED.exec(detail);
  const field = placed?.[1];
  if (!placed || !field || !fields.includes(field)) return { field: null, message: detail };
  return { field, message: detail.slice(placed[0].length) };
}
