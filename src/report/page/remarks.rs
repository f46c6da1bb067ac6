//! What a reader must know first.

use maud::{Markup, html};

use crate::report::model::Report;
use crate::report::remarks;

/// Empty where there is nothing to know.
pub(super) fn list(report: &Report) -> Markup {
    let remarks = remarks::of(report);
    html! {
        @if !remarks.is_empty() {
            div.remarks role="note" {
                ul { @for remark in &remarks { li { (remark) } } }
            }
        }
    }
}
