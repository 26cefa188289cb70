export { CreatePage } from "./CreatePage";
