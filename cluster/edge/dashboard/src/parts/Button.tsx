import type { ComponentProps } from "react";
import { Icon, type IconName } from "./Icon";
import styles from "./Button.module.css";

interface Props extends ComponentProps<"button"> {
  look?: "primary" | "plain" | "quiet" | "danger";
  icon?: IconName;
  /** Why it may not be pressed now, for a person. The button stays reachable, so that the reason can be read. */
  refused?: string | null;
}

/** A button. With `refused` it is disabled for a reason that its title and description tell. */
export function Button({ look = "plain", icon, refused = null, onClick, children, type = "button", ...rest }: Props) {
  return (
    <button
      {...rest}
      type={type}
      className={styles.button}
      data-look={look}
      aria-disabled={refused === null ? undefined : true}
      {...(refused !== null && { title: refused, "aria-description": refused })}
      onClick={(event) => {
        if (refused === null) onClick?.(event);
        else event.preventDefault();
      }}
    >
      {icon && <Icon name={icon} size={14} />}
      {children}
    </button>
  );
}
