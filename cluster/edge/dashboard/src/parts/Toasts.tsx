import * as Toast from "@radix-ui/react-toast";
import { Link } from "wouter";
import { Icon } from "./Icon";
import { dismiss, useToasts } from "./toast";
import styles from "./Toasts.module.css";

const SHOWN_MS = 7_000;
const ICONS = { good: "check", bad: "warning", info: "info" } as const;

/** The place where toasts appear; once per page. A pointer or the focus on one holds it; F8 moves the focus there. */
export function Toasts() {
  const shown = useToasts();
  return (
    <Toast.Provider duration={SHOWN_MS} label="Notification">
      {shown.map(({ key, tone, title, detail, link }) => (
        <Toast.Root
          key={key}
          className={styles.toast}
          data-tone={tone}
          type={tone === "info" ? "background" : "foreground"}
          onOpenChange={(open) => { if (!open) dismiss(key); }}
        >
          <span className={styles.icon}><Icon name={ICONS[tone]} /></span>
          <div className={styles.words}>
            <Toast.Title className={styles.title}>{title}</Toast.Title>
            {detail && <Toast.Description className={styles.detail}>{detail}</Toast.Description>}
            {link && <Link href={link.href}>{link.text}</Link>}
          </div>
          <Toast.Close className={styles.close} aria-label="Close"><Icon name="cross" size={14} /></Toast.Close>
        </Toast.Root>
      ))}
      <Toast.Viewport className={styles.viewport} />
    </Toast.Provider>
  );
}
