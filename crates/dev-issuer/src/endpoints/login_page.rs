//! The page on which a person logs in. No script, no style from elsewhere.

use actix_web::HttpResponse;

use super::authorize::LoginRequest;

/// The form, with what the login was asked with, and a sentence if an attempt failed.
pub fn form(request: &LoginRequest, failure: Option<&str>) -> HttpResponse {
    let hidden: String = request
        .members()
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .map(|(name, value)| format!(r#"<input type="hidden" name="{name}" value="{}">"#, escaped(value)))
        .collect();
    let failure = failure.map(|text| format!("<p role=\"alert\"><b>{}</b></p>", escaped(text))).unwrap_or_default();
    let second = if request.wants_two_factors() { " required" } else { "" };
    let body = format!(
        "<h1>Log in</h1>{failure}<form method=\"post\" action=\"/authorize\" autocomplete=\"off\">{hidden}\
         <p><label>User name<br><input name=\"username\" required autofocus></label></p>\
         <p><label>Password<br><input name=\"password\" type=\"password\" required></label></p>\
         <p><label>One-time password<br><input name=\"otp\" inputmode=\"numeric\" maxlength=\"6\"{second}></label></p>\
         <p><button>Log in</button></p></form>"
    );
    page(&body)
}

fn page(body: &str) -> HttpResponse {
    // default-src does not cover form-action, which must stay open: the answer to the form is a redirect to the client.
    HttpResponse::Ok()
        .insert_header(("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"))
        .insert_header(("Referrer-Policy", "same-origin"))
        .content_type("text/html; charset=utf-8")
        .body(format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>Development issuer</title>\
             <p><strong>For development only.</strong></p>{body}</html>"
        ))
}

fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut safe, letter| {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
        safe
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_a_value() {
        assert_eq!(escaped(r#""><script>'&"#), "&quot;&gt;&lt;script&gt;&#39;&amp;");
    }
}
