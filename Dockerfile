# The service in a small image: built in one stage, run in another as an ordinary user.
FROM rust:1.95-bookworm AS build
WORKDIR /build
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
COPY migrations migrations
COPY src src
# Manifest entries name the tests and the benchmarks; building the program does not need it.
RUN mkdir -p tests/it benches/intake benches/index && touch tests/it/main.rs benches/intake/main.rs benches/index/main.rs && cargo build --release --locked --bin sipas

FROM debian:bookworm-slim
# Roots of trust for the keys of other issuers, which are fetched over TLS.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
RUN useradd --system --home-dir /var/lib/sipas --create-home --shell /usr/sbin/nologin sipas
COPY --from=build /build/target/release/sipas /usr/local/bin/sipas
USER sipas
ENV SIPAS_LISTEN=0.0.0.0:8080 SIPAS_DATA_DIR=/var/lib/sipas
VOLUME /var/lib/sipas
EXPOSE 8080
ENTRYPOINT ["sipas"]
CMD ["serve"]
