import type { IconName } from "../parts/Icon";

export interface Place {
  href: string;
  text: string;
  icon: IconName;
}

/** The navigation, in the order it is shown. */
export const PLACES: readonly Place[] = [
  { href: "/", text: "Overview", icon: "overview" },
  { href: "/tasks", text: "Tasks", icon: "tasks" },
  { href: "/create", text: "Create", icon: "create" },
  { href: "/workers", text: "Workers", icon: "workers" },
  { href: "/activity", text: "Activity", icon: "activity" },
  { href: "/tour", text: "Tour", icon: "tour" },
];

/** Whether `href` is the place a person is at; a task's page belongs to the tasks. */
export function isAt(location: string, href: string): boolean {
  return href === "/" ? location === "/" : location === href || location.startsWith(`${href}/`);
}
