import { type ReactNode, useId } from "react";
import { Icon } from "./Icon";
import styles from "./Field.module.css";

/** What ties an input, a select or a text area to its label, its hint and its error: spread them onto it. */
export interface Control {
  id: string;
  className: string;
  "aria-describedby": string | undefined;
  "aria-invalid": true | undefined;
  "aria-required": true | undefined;
}

interface Props {
  label: ReactNode;
  /** What may be given here. */
  hint?: ReactNode;
  /** What is wrong with what was given, and what would be right. */
  error?: string | undefined;
  required?: boolean;
  children: (control: Control) => ReactNode;
}

/** A labelled control with its hint and, beside it, what is wrong with what it holds. */
export function Field({ label, hint, error, required = false, children }: Props) {
  const id = useId();
  const described = [hint && `${id}h`, error && `${id}e`].filter(Boolean).join(" ");
  return (
    <div className={styles.field} data-wrong={error ? true : undefined}>
      <label htmlFor={id} className={styles.label}>
        {label}
        {required && <span className={styles.needed} aria-hidden="true"> *</span>}
      </label>
      {children({
        id,
        className: styles.control ?? "",
        "aria-describedby": described || undefined,
        "aria-invalid": error ? true : undefined,
        "aria-required": required || undefined,
      })}
      {error && <p id={`${id}e`} className={styles.error}><Icon name="warning" size={13} /><span>{error}</span></p>}
      {hint && <p id={`${id}h`} className={styles.hint}>{hint}</p>}
    </div>
  );
}
