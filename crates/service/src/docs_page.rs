//! `/docs`: the interface document as a page on which calls can be tried, and `/docs/errors`: every problem code with
//! cause and remedy. Nothing is loaded from elsewhere; script and style run by a nonce that lives for one answer.

use actix_web::{HttpResponse, http::header, web};

use crate::{
    problem::{Problem, ProblemKind},
    random,
};

const PAGE: &str = include_str!("docs_page/page.html");
const SCRIPT: &str = include_str!("docs_page/page.js");
const STYLE: &str = include_str!("docs_page/page.css");

/// Adds `/openapi.json` (the document given), `/docs` and `/docs/errors` (the problem kinds given, each once).
pub fn routes(
    openapi: &'static str,
    title: &'static str,
    problems: &'static [&'static ProblemKind],
) -> impl Fn(&mut web::ServiceConfig) + Send + Clone + 'static {
    move |routes| {
        routes
            .route("/openapi.json", web::get().to(move || async move { json(openapi) }))
            .route("/docs", web::get().to(move || async move { page(title) }))
            .route("/docs/errors", web::get().to(move || async move { errors(title, problems) }));
    }
}

fn json(openapi: &'static str) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(openapi)
}

fn page(title: &str) -> Result<HttpResponse, Problem> {
    let nonce = random::hex(&random::bytes::<16>().map_err(Problem::internal)?);
    let html = PAGE
        .replace("{{title}}", &escape(title))
        .replace("{{nonce}}", &nonce)
        .replace("{{style}}", STYLE)
        .replace("{{script}}", SCRIPT);
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    );
    Ok(answer(html, &policy))
}

fn errors(title: &str, problems: &[&ProblemKind]) -> Result<HttpResponse, Problem> {
    let nonce = random::hex(&random::bytes::<16>().map_err(Problem::internal)?);
    let mut sorted: Vec<_> = problems.to_vec();
    sorted.sort_by_key(|kind| kind.code);
    sorted.dedup_by_key(|kind| kind.code);
    let entries: String = sorted.into_iter().map(entry).collect();
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Errors · {title}</title>\
         <style nonce=\"{nonce}\">{STYLE}</style></head><body><main><h1>Errors of {title}</h1>\
         <p>Each error answer is a problem document (RFC 9457). Its <code>type</code> points here.</p>\
         {entries}</main></body></html>",
        title = escape(title),
    );
    let policy = format!("default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; frame-ancestors 'none'");
    Ok(answer(html, &policy))
}

fn entry(kind: &ProblemKind) -> String {
    format!(
        "<section id=\"{code}\"><h2><code>{code}</code> <small>{status}</small></h2><p>{title}.</p>\
         <p><b>Cause:</b> {cause}</p><p><b>Remedy:</b> {remedy}</p></section>",
        code = escape(kind.code),
        status = kind.status,
        title = escape(kind.title),
        cause = escape(kind.cause),
        remedy = escape(kind.remedy),
    )
}

fn answer(html: String, policy: &str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, policy))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .body(html)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use actix_web::body::MessageBody;

    use super::*;
    use crate::problem;

    fn text(response: HttpResponse) -> String {
        String::from_utf8(response.into_body().try_into_bytes().unwrap().to_vec()).unwrap()
    }

    #[test]
    fn the_page_loads_nothing_from_elsewhere() {
        let html = text(page("Key <manager>").unwrap());
        assert!(html.contains("Key &lt;manager&gt;"));
        assert!(!html.contains("{{") && !html.contains("https://") && !html.contains("innerHTML"));
    }

    #[test]
    fn every_kind_has_its_anchor_once() {
        let html = text(errors("x", &[&problem::BUSY, &problem::INTERNAL, &problem::BUSY]).unwrap());
        assert_eq!(html.matches("id=\"busy\"").count(), 1);
        assert!(html.contains("id=\"internal\""));
    }
}
