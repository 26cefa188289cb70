import { type ReactNode, useEffect, useRef } from "react";
import { useLocation } from "wouter";
import { Toasts } from "../parts/Toasts";
import { Notices } from "./Notices";
import { Sidebar } from "./Sidebar";
import styles from "./Shell.module.css";

/** Navigation, notices that concern every page, the page, the toasts. */
export function Shell({ children }: { children: ReactNode }) {
  const main = useFocusAfterNavigation();
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#main" onClick={() => main.current?.focus()}>Skip to the page</a>
      <Sidebar />
      <div className={styles.column}>
        <Notices />
        <main id="main" ref={main} className={styles.main} tabIndex={-1}>{children}</main>
      </div>
      <Toasts />
    </div>
  );
}

/** A new page begins at its top, and keyboards and screen readers begin there, too. */
function useFocusAfterNavigation() {
  const [location] = useLocation();
  const main = useRef<HTMLElement>(null);
  const before = useRef(location);
  useEffect(() => {
    if (before.current === location) return;
    before.current = location;
    window.scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [location]);
  return main;
}
