//! Answers that can be cached: a strong ETag from the content itself, 304 when nothing changed, and who may
//! keep the answer how long.

use super::SharedAnswers;
use super::extract::language;
use super::format::{self, Format};
use super::problem::Problem;
use super::sheet::{Sheet, SheetFormat, Written};
use crate::auth::Actor;
use crate::error::{Error, Lang};
use actix_web::body::{BodySize, BoxBody, MessageBody, SizedStream};
use actix_web::http::header::{
    self, AcceptEncoding, CacheControl, CacheDirective, ContentDisposition, DispositionParam,
    DispositionType, ETag, Encoding, EntityTag, Header, IfNoneMatch,
};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::convert::Infallible;
use std::io::{Read, Write};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use tempfile::SpooledTempFile;

/// Bytes of the digest that go into the tag; 128 bits are beyond chance.
const TAG_BYTES: usize = 16;

/// Seconds for which a public figure may be shown without asking again: open data are refreshed within months
/// (NĐ 47/2020/NĐ-CP), but whoever watches a survey wants to see it move.
pub const MAX_AGE_SECONDS: u32 = 60;

/// Seconds for which a cache may show the old figure while it fetches the new one (RFC 5861).
const STALE_SECONDS: u32 = 300;

/// Bytes of an answer from which on compressing it costs less than sending it.
const WORTH_COMPRESSING: usize = 1 << 16;

/// Bytes of a file on disk, or of a large answer, that are sent at once.
const PIECE_BYTES: usize = 1 << 16;

/// Writes `body` as JSON with its ETag, or 304 if the client holds the same. `directives` say who may keep
/// it how long.
pub fn cached(
    request: &HttpRequest,
    body: &impl Serialize,
    directives: Vec<CacheDirective>,
) -> Result<HttpResponse, Problem> {
    let text = serde_json::to_vec(body).map_err(|error| Problem(Error::internal(error)))?;
    let (mut response, known) = tagged(request, &Sha256::digest(&text), directives);
    Ok(if known { response.finish() } else { response.content_type("application/json").body(text) })
}

/// Content with its ETag, or 304 if the client holds the same.
pub fn bytes(
    request: &HttpRequest,
    media_type: &'static str,
    content: &[u8],
    digest: &[u8],
    directives: Vec<CacheDirective>,
) -> HttpResponse {
    let (mut response, known) = tagged(request, digest, directives);
    if known { response.finish() } else { response.content_type(media_type).body(content.to_vec()) }
}

/// Nobody may keep the answer.
pub fn no_store() -> CacheControl {
    CacheControl(vec![CacheDirective::NoStore])
}

/// Whether the client takes gzip at least as gladly as nothing.
fn accepts_gzip(request: &HttpRequest) -> bool {
    let Ok(accepted) = AcceptEncoding::parse(request) else { return false };
    let offered = [Encoding::gzip(), Encoding::identity()];
    request.headers().contains_key(header::ACCEPT_ENCODING)
        && accepted.negotiate(offered.iter()) == Some(Encoding::gzip())
}

/// Begins an answer whose content has this digest; whether the client holds the same.
fn tagged(
    request: &HttpRequest,
    digest: &[u8],
    directives: Vec<CacheDirective>,
) -> (HttpResponseBuilder, bool) {
    let tag = EntityTag::new_strong(URL_SAFE_NO_PAD.encode(digest.get(..TAG_BYTES).unwrap_or_default()));
    let known = match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|held| held.weak_eq(&tag)),
        Err(_) => false,
    };
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header(ETag(tag)).insert_header(CacheControl(directives));
    (response, known)
}

/// JSON as it is sent.
#[derive(Debug, Clone)]
pub struct Rendered {
    text: web::Bytes,
    digest: Vec<u8>,
    compressed: Arc<OnceLock<web::Bytes>>,
}

impl Rendered {
    /// As gzip (RFC 1952), made when the first asks for it and shared by all who wait for the same.
    fn compressed(&self) -> web::Bytes {
        let made = self.compressed.get_or_init(|| {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
            // Writing into memory does not fail; were it to, nothing would be sent as gzip.
            let written = gzip.write_all(&self.text).and_then(|()| gzip.finish());
            written.map(web::Bytes::from).unwrap_or_default()
        });
        made.clone()
    }
}

/// Writes `body` as JSON.
///
/// # Errors
/// [`crate::error::ErrorCode::Internal`].
fn render(body: &impl Serialize) -> Result<Rendered, Error> {
    let text = serde_json::to_vec(body).map_err(Error::internal)?;
    Ok(Rendered { digest: Sha256::digest(&text).to_vec(), text: text.into(), compressed: Arc::default() })
}

/// A body that many may share, handed over piece by piece. Whole, the server would copy a megabyte into each connection's
/// buffer.
struct Pieces(web::Bytes);

impl MessageBody for Pieces {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(u64::try_from(self.0.len()).unwrap_or(u64::MAX))
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<web::Bytes, Self::Error>>> {
        let next = self.0.len().min(PIECE_BYTES);
        Poll::Ready((next > 0).then(|| Ok(self.0.split_to(next))))
    }

    fn try_into_bytes(self) -> Result<web::Bytes, Self> {
        if self.0.len() <= PIECE_BYTES { Ok(self.0) } else { Err(self) }
    }
}

/// How figures are wanted: format, language, and who may keep the answer.
pub struct Wanted<'r> {
    request: &'r HttpRequest,
    /// The format chosen.
    pub format: Format,
    /// Language of texts for people.
    pub lang: Lang,
    public: bool,
}

impl<'r> Wanted<'r> {
    /// What the request asks for, of what the resource is `offered` in. `parameter` is what
    /// [`format::parameter`] took.
    ///
    /// # Errors
    /// [`crate::error::ErrorCode::NotAcceptable`].
    pub fn new(
        request: &'r HttpRequest,
        actor: &Actor,
        parameter: Option<Format>,
        offered: &[Format],
    ) -> Result<Self, Error> {
        Ok(Self {
            format: format::choose(request, parameter, offered)?,
            lang: language(request),
            // What nobody in particular gets is public. A client's answer may show cells that are withheld
            // from others, so only the client keeps it.
            public: *actor == Actor::Anonymous,
            request,
        })
    }

    /// Writes JSON.
    ///
    /// # Errors
    /// [`crate::error::ErrorCode::Internal`].
    pub fn json(&self, body: &impl Serialize) -> Result<HttpResponse, Problem> {
        Ok(self.rendered(render(body)?))
    }

    /// Writes JSON that is worked out once for all who wait for the same, see [`super::sharing`].
    ///
    /// # Errors
    /// Those of the work.
    pub async fn shared<B: Serialize>(
        &self,
        (sharing, actor): (&SharedAnswers, &Actor),
        work: impl AsyncFnOnce() -> Result<B, Error>,
    ) -> Result<HttpResponse, Problem> {
        let question = (actor.clone(), self.request.uri().to_string());
        Ok(self.rendered(sharing.share(question, async || render(&work().await?)).await?))
    }

    /// Sends JSON that was written before, perhaps for somebody else who asked the same.
    fn rendered(&self, rendered: Rendered) -> HttpResponse {
        let large = rendered.text.len() > WORTH_COMPRESSING && accepts_gzip(self.request);
        let compressed = large.then(|| rendered.compressed()).filter(|bytes| !bytes.is_empty());
        let mut digest = rendered.digest;
        if compressed.is_some() {
            // Other bytes, another strong tag (RFC 9110 section 8.8.3.3).
            digest.iter_mut().for_each(|byte| *byte = !*byte);
        }
        let (mut response, known) = self.begin(&digest, None);
        match (known, compressed) {
            (true, _) => response.finish(),
            (false, Some(bytes)) => {
                response.insert_header((header::CONTENT_ENCODING, "gzip")).body(Pieces(bytes))
            }
            (false, None) => response.body(Pieces(rendered.text)),
        }
    }

    /// Writes an SVG document, shown in place. `name` is the file's without ending, see [`file_name`].
    ///
    /// # Errors
    /// None yet.
    pub fn chart(&self, svg: String, name: &str) -> Result<HttpResponse, Problem> {
        let (mut response, known) = self.begin(&Sha256::digest(&svg), Some(name));
        // Nothing in it runs or loads, and nothing that slips in shall.
        response.insert_header((
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'",
        ));
        Ok(if known { response.finish() } else { response.body(svg) })
    }

    /// Writes a sheet as CSV or XLSX. Whole before the first byte leaves, so that length and ETag are known
    /// and a failure is an error instead of a file cut short; on disk if it is large.
    ///
    /// # Errors
    /// As [`Sheet::write`].
    pub async fn sheet(&self, sheet: Sheet, name: &str) -> Result<HttpResponse, Problem> {
        let format = if self.format == Format::Xlsx { SheetFormat::Xlsx } else { SheetFormat::Csv };
        let written = web::block(move || sheet.write(format)).await;
        let written = written.map_err(|error| Problem(Error::internal(error)))??;
        let (mut response, known) = self.begin(&written.digest, Some(name));
        if known {
            return Ok(response.finish());
        }
        Ok(response.body(body_of(written).await?))
    }

    fn begin(&self, digest: &[u8], name: Option<&str>) -> (HttpResponseBuilder, bool) {
        let directives = if self.public {
            let stale = ("stale-while-revalidate".to_owned(), Some(STALE_SECONDS.to_string()));
            vec![
                CacheDirective::Public,
                CacheDirective::MaxAge(MAX_AGE_SECONDS),
                CacheDirective::Extension(stale.0, stale.1),
            ]
        } else {
            vec![CacheDirective::Private, CacheDirective::NoCache]
        };
        let (mut response, known) = tagged(self.request, digest, directives);
        // A cache that holds the public answer must not give it to somebody in charge.
        response.insert_header((header::VARY, "Accept, Accept-Encoding, Accept-Language, Authorization"));
        if known {
            return (response, known);
        }
        response.content_type(self.format.content_type());
        response.insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
        if let Some(name) = name {
            let shown = self.format == Format::Svg;
            response.insert_header(ContentDisposition {
                disposition: if shown { DispositionType::Inline } else { DispositionType::Attachment },
                parameters: vec![DispositionParam::Filename(format!("{name}.{}", self.format.word()))],
            });
            let lang = match self.lang {
                Lang::Vi => "vi",
                Lang::En => "en",
            };
            response.insert_header((header::CONTENT_LANGUAGE, lang));
        }
        (response, known)
    }
}

/// A speaking name for a file, `sipas_index_H56_2026_satisfied-share` from its parts; what is no letter,
/// digit, dot or hyphen of ASCII becomes a hyphen.
pub fn file_name(parts: &[&str]) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let plain = |part: &&str| part.chars().map(|c| if is_plain(c) { c } else { '-' }).collect::<String>();
    let parts: Vec<String> = std::iter::once(&"sipas").chain(parts).map(plain).collect();
    parts.join("_")
}

async fn body_of(written: Written) -> Result<BoxBody, Problem> {
    if !written.file.is_rolled() {
        let (mut file, mut bytes) = (written.file, Vec::new());
        file.read_to_end(&mut bytes).map_err(|error| Problem(Error::internal(error)))?;
        return Ok(BoxBody::new(bytes));
    }
    let pieces = futures_util::stream::try_unfold(written.file, |file| async move {
        web::block(move || piece(file)).await.map_err(std::io::Error::other)?
    });
    Ok(SizedStream::new(written.bytes, Box::pin(pieces)).boxed())
}

/// The next piece of a file, and the file to go on with; `None` at its end.
fn piece(mut file: SpooledTempFile) -> std::io::Result<Option<(web::Bytes, SpooledTempFile)>> {
    let mut bytes = vec![0; PIECE_BYTES];
    let read = file.read(&mut bytes)?;
    bytes.truncate(read);
    Ok((read > 0).then(|| (bytes.into(), file)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::format::CHARTS;
    use crate::http::sheet::Column;
    use actix_web::body::to_bytes;
    use actix_web::test::TestRequest;
    use std::future::poll_fn;

    fn sheet(rows: u64) -> Sheet {
        Sheet {
            title: "Thử".into(),
            head: Vec::new(),
            columns: vec![Column::new("row"), Column::new("text")],
            rows: Box::new((0..rows).map(|row| vec![row.into(), "đủ dài để đầy đĩa".into()])),
            watermark: None,
            lang: Lang::Vi,
        }
    }

    #[actix_web::test]
    async fn a_sheet_from_disk_arrives_whole_with_its_length() {
        let request = TestRequest::get().to_http_request();
        for (parameter, format) in [(Format::Csv, SheetFormat::Csv), (Format::Xlsx, SheetFormat::Xlsx)] {
            for (rows, on_disk) in [(3, false), (200_000, true)] {
                let mut written = sheet(rows).write(format).unwrap();
                assert_eq!(written.file.is_rolled(), on_disk);
                let mut expected = Vec::new();
                written.file.read_to_end(&mut expected).unwrap();
                let wanted = Wanted::new(&request, &Actor::Anonymous, Some(parameter), CHARTS).unwrap();
                let response = wanted.sheet(sheet(rows), "x").await.unwrap();
                let length = BodySize::Sized(u64::try_from(expected.len()).unwrap());
                assert_eq!(response.body().size(), length);
                assert!(to_bytes(response.into_body()).await.unwrap() == expected);
            }
        }
    }

    #[actix_web::test]
    async fn a_large_answer_goes_out_whole_in_pieces() {
        let request = TestRequest::get().to_http_request();
        for length in [0, 1, PIECE_BYTES, PIECE_BYTES + 1, 5 * PIECE_BYTES] {
            let text: String = ('a'..='z').cycle().take(length).collect();
            let wanted = Wanted::new(&request, &Actor::Anonymous, Some(Format::Json), CHARTS).unwrap();
            let rendered = render(&text).unwrap();
            let mut body = Box::pin(wanted.rendered(rendered.clone()).into_body());
            assert_eq!(body.size(), BodySize::Sized(u64::try_from(rendered.text.len()).unwrap()));
            let mut received = Vec::new();
            while let Some(piece) = poll_fn(|context| body.as_mut().poll_next(context)).await {
                let piece = piece.unwrap();
                assert!(piece.len() <= PIECE_BYTES);
                received.extend_from_slice(&piece);
            }
            assert!(received == rendered.text);
        }
    }

    #[test]
    fn names_of_files_are_plain() {
        assert_eq!(
            file_name(&["index", "H56.C1", "../\"a\r\nb", "2026-07"]),
            "sipas_index_H56.C1_..--a--b_2026-07"
        );
    }
}
