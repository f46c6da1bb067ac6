//! The page itself: one document without data, its style and its scripts. Whoever may call the server gets it; what it shows, it
//! asks for with the token.

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use maud::{DOCTYPE, html};

use crate::report::STYLE;

const OWN_STYLE: &str = include_str!("page/assets/dashboard.css");

/// Scripts by their names.
const SCRIPTS: [(&str, &str); 19] = [
    ("/assets/app.js", include_str!("page/assets/app.js")),
    ("/assets/api.js", include_str!("page/assets/api.js")),
    ("/assets/axes.js", include_str!("page/assets/axes.js")),
    ("/assets/compare.js", include_str!("page/assets/compare.js")),
    ("/assets/curves.js", include_str!("page/assets/curves.js")),
    ("/assets/dom.js", include_str!("page/assets/dom.js")),
    ("/assets/evidence.js", include_str!("page/assets/evidence.js")),
    ("/assets/lines.js", include_str!("page/assets/lines.js")),
    ("/assets/log.js", include_str!("page/assets/log.js")),
    ("/assets/mistakes.js", include_str!("page/assets/mistakes.js")),
    ("/assets/model.js", include_str!("page/assets/model.js")),
    ("/assets/parallel.js", include_str!("page/assets/parallel.js")),
    ("/assets/progress.js", include_str!("page/assets/progress.js")),
    ("/assets/rail.js", include_str!("page/assets/rail.js")),
    ("/assets/requests.js", include_str!("page/assets/requests.js")),
    ("/assets/run.js", include_str!("page/assets/run.js")),
    ("/assets/samples.js", include_str!("page/assets/samples.js")),
    ("/assets/sweep.js", include_str!("page/assets/sweep.js")),
    ("/assets/table.js", include_str!("page/assets/table.js")),
];

/// The addresses of the page and of what it loads.
pub fn routes() -> Router {
    let style = || async { asset("text/css; charset=utf-8", format!("{STYLE}{OWN_STYLE}")) };
    let page = Router::new().route("/", get(document)).route("/assets/style.css", get(style));
    SCRIPTS.into_iter().fold(page, |page, (path, script)| {
        page.route(path, get(move || async move { asset("text/javascript; charset=utf-8", script.to_owned()) }))
    })
}

/// Addresses are relative, so that the page works below another path, behind a proxy.
async fn document() -> Html<String> {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "sweep" }
                link rel="icon" href="data:,";
                link rel="stylesheet" href="assets/style.css";
                @for (path, _) in SCRIPTS.iter().skip(1) { link rel="modulepreload" href=(path.trim_start_matches('/')); }
                script type="module" src="assets/app.js" {}
            }
            body {
                a.skip href="#main" { "Skip to the results" }
                div.bar role="banner" {
                    a.home href="#/" { "sweep" }
                    nav aria-label="Where you are" id="crumbs" {}
                    span.connection id="connection" role="status" {}
                }
                main id="main" tabindex="-1" {
                    p.muted id="loading" { "Reading results …" }
                    noscript { p { "This page needs JavaScript. " code { "sweep status --watch" } " shows the same in a terminal." } }
                }
                div.said id="said" role="status" aria-live="polite" {}
            }
        }
    };
    Html(page.into_string())
}

fn asset(kind: &'static str, content: String) -> Response {
    let headers = [(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-cache")];
    (headers.map(|(name, value)| (name, HeaderValue::from_static(value))), content).into_response()
}
