export { TaskPage } from "./TaskPage";
