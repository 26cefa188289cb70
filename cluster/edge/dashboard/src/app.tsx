import { QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Link, Route, Switch, useLocation } from "wouter";
import { ActivityPage } from "./activity";
import { newCache } from "./api/cache";
import { CreatePage } from "./create";
import { LiveProvider } from "./live/context";
import { OverviewPage } from "./overview";
import { Empty } from "./parts/Feedback";
import { Page } from "./parts/Page";
import { Boundary } from "./shell/Boundary";
import { Shell } from "./shell/Shell";
import { TaskPage } from "./task";
import { TasksPage } from "./tasks";
import { TourPage } from "./tour";
import { WorkersPage } from "./workers";

export function App() {
  const [cache] = useState(newCache);
  return (
    <QueryClientProvider client={cache}>
      <LiveProvider>
        <Shell>
          <Guarded>
            <Switch>
              <Route path="/" component={OverviewPage} />
              <Route path="/tasks" component={TasksPage} />
              <Route path="/tasks/:id">{({ id }) => <TaskPage key={id} id={id} />}</Route>
              <Route path="/create" component={CreatePage} />
              <Route path="/workers" component={WorkersPage} />
              <Route path="/activity" component={ActivityPage} />
              <Route path="/tour" component={TourPage} />
              <Route component={Nowhere} />
            </Switch>
          </Guarded>
        </Shell>
      </LiveProvider>
    </QueryClientProvider>
  );
}

/** Each place breaks for itself: going elsewhere is another try. */
function Guarded({ children }: { children: ReactNode }) {
  const [location] = useLocation();
  return <Boundary key={location}>{children}</Boundary>;
}

function Nowhere() {
  return (
    <Page title="Nothing here">
      <Empty title="There is no page at this address.">
        <Link href="/">Go to the overview</Link>
      </Empty>
    </Page>
  );
}
