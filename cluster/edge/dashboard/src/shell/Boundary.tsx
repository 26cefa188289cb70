import { Component, type ReactNode } from "react";
import { Button } from "../parts/Button";
import { Empty } from "../parts/Feedback";
import { Page } from "../parts/Page";

/** Keeps a page that broke from taking the navigation with it: usually it is older than the edge that it asks. */
export class Boundary extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  override render(): ReactNode {
    if (!this.state.broken) return this.props.children;
    return (
      <Page title="This page broke">
        <Empty icon="warning" title="It could not show what the edge answered. The cluster itself goes on.">
          <p>If the edge was updated while this was open, loading it again helps; the browser&apos;s console says more.</p>
          <Button look="primary" icon="refresh" onClick={() => { window.location.reload(); }}>Load again</Button>
        </Empty>
      </Page>
    );
  }
}
