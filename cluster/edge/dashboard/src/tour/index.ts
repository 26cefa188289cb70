export { TourNotice } from "./TourNotice";
export { TourPage } from "./TourPage";
