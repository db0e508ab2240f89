//! People who use the service, by HTTP alone.

use reqwest::Method;
use serde_json::Value;

/// Somebody with or without a token.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
    /// The body as it came, where it is no text.
    pub bytes: Vec<u8>,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The reply, if it has this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// `code` of a problem document, which the reply has to be.
    #[track_caller]
    pub fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let body = self.json();
        assert_eq!(body["status"], self.status, "{body}");
        assert_eq!(body["request_id"], self.header("x-request-id"), "{body}");
        body["code"].as_str().unwrap().to_owned()
    }

    /// `errors` of a problem document as (place, code), sorted.
    pub fn faults(&self) -> Vec<(String, String)> {
        let body = self.json();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let mut faults: Vec<_> = body["errors"]
            .as_array()
            .unwrap_or_else(|| panic!("no errors in {body}"))
            .iter()
            .map(|fault| {
                let place = text(&fault["pointer"]).or_else(|| text(&fault["parameter"])).unwrap();
                (place, text(&fault["code"]).unwrap())
            })
            .collect();
        faults.sort();
        faults
    }
}

/// Faults as a test writes them.
pub fn faults(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut faults: Vec<_> = expected.iter().map(|(place, code)| ((*place).into(), (*code).into())).collect();
    faults.sort();
    faults
}

impl Client {
    pub fn new(url: &str, token: Option<String>) -> Self {
        Self { http: reqwest::Client::new(), url: url.to_owned(), token }
    }

    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    pub fn bearer(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
    }

    /// Sends a request as it is; every other verb is this one.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<impl Into<Vec<u8>>>,
    ) -> Reply {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body.into());
        }
        let reply = request.send().await.unwrap();
        let (status, headers) = (reply.status().as_u16(), reply.headers().clone());
        let bytes = reply.bytes().await.unwrap().to_vec();
        Reply { status, headers, text: String::from_utf8_lossy(&bytes).into_owned(), bytes }
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, &[], None::<String>).await
    }

    pub async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.send(Method::GET, path, headers, None::<String>).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.post_with(path, body, &[]).await
    }

    pub async fn post_with(&self, path: &str, body: &Value, headers: &[(&str, &str)]) -> Reply {
        let mut all = vec![("content-type", "application/json")];
        all.extend(headers);
        self.send(Method::POST, path, &all, Some(body.to_string())).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        let headers = [("content-type", "application/json")];
        self.send(Method::PUT, path, &headers, Some(body.to_string())).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Reply {
        let headers = [("content-type", "application/json")];
        self.send(Method::PATCH, path, &headers, Some(body.to_string())).await
    }

    pub async fn form(&self, path: &str, body: &str) -> Reply {
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.send(Method::POST, path, &headers, Some(body)).await
    }

    /// Posts many responses as a JSON array.
    pub async fn post_batch(&self, bodies: &[Value]) -> Reply {
        self.post("/v1/responses/batch", &Value::from(bodies)).await
    }

    /// Exchanges a credential for a token.
    pub async fn token(&self, id: &str, secret: &str) -> String {
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        let reply = self.form("/oauth/token", &form).await.expect(200);
        reply.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// The index of an agency; `query` without the leading question mark.
    pub async fn index(&self, agency: &str, query: &str) -> Value {
        self.get(&format!("/v1/agencies/{agency}/index?{query}")).await.expect(200).json()
    }
}
