// A kiosk's sending part in Kotlin on Java 11 or newer: java.net.http, no dependencies.
//
//     kotlinc examples/Kiosk.kt -include-runtime -d kiosk.jar
//     java -jar kiosk.jar FILE.json                one response
//     java -jar kiosk.jar --backlog FILE.ndjson    a backlog, one response a line, in bulk
//
// SIPAS_URL, SIPAS_CLIENT_ID and SIPAS_CLIENT_SECRET come from the environment: a command line can be read by every process.
// Prints the service's answer as it came; ends with 1 if a response was refused. Without a JSON library it reads with two
// regular expressions what it needs of an answer; an app has one and should use it. On Android: the same with its HTTP client.

import java.io.File
import java.io.IOException
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse.BodyHandlers
import java.security.SecureRandom
import java.time.Duration
import java.time.Instant
import java.time.ZonedDateTime
import java.time.format.DateTimeFormatter
import java.util.Base64
import java.util.UUID
import kotlin.system.exitProcess

const val ATTEMPTS = 10 // a real kiosk never gives up: it keeps the response and comes back
const val LONGEST = 60_000L // milliseconds between two attempts
const val BULK = 500 // responses a request; the service takes 1,000 and 4 MiB

/** The service has said no, and would again. The problem document has `code`, `title` and `errors` with a pointer each. */
class Refused(val status: Int, problem: String) : Exception("status $status: $problem")

val random = SecureRandom()
val client: HttpClient = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(Duration.ofSeconds(10)).build()
val base: URI = URI.create(System.getenv("SIPAS_URL"))

/** A UUIDv7 (RFC 9562): 48 bits of milliseconds, which are the time of answering, then random bits. */
fun newId(now: Long = System.currentTimeMillis()): UUID {
    val high = (now shl 16) or 0x7000L or random.nextInt(0x1000).toLong()
    val low = (random.nextLong() ushr 2) or Long.MIN_VALUE
    return UUID(high, low)
}

/** Seconds or a date, in milliseconds. */
fun asked(retryAfter: String): Long {
    val seconds = retryAfter.toLongOrNull()
    if (seconds != null) return seconds * 1000
    val date = runCatching { ZonedDateTime.parse(retryAfter, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant() }
    return date.map { Duration.between(Instant.now(), it).toMillis() }.getOrDefault(0)
}

/**
 * Milliseconds to wait: what the service asks for, otherwise longer each time; spread, so that a hall of kiosks does not
 * come back as one.
 */
fun pause(attempt: Int, retryAfter: String?): Long {
    val wished = if (retryAfter == null) 0 else asked(retryAfter)
    val spread = random.nextDouble()
    return if (wished > 0) (wished * (1 + spread / 4)).toLong() else (spread * minOf(LONGEST, 1000L shl attempt)).toLong()
}

/** Sends until there is an answer that counts. Safe to repeat: the ids in the body stay the same. */
fun send(path: String, authorization: String, type: String, body: String): String {
    val request = HttpRequest.newBuilder(base.resolve(path)).timeout(Duration.ofSeconds(30))
        .header("Authorization", authorization).header("Content-Type", type).header("Accept-Language", "en")
        .POST(HttpRequest.BodyPublishers.ofString(body)).build()
    var why = ""
    for (attempt in 0 until ATTEMPTS) {
        var retryAfter: String? = null
        try {
            val answer = client.send(request, BodyHandlers.ofString())
            val status = answer.statusCode()
            // A network that wants a login answers anything with a page of its own and 200: that is no answer.
            val isOurs = answer.headers().firstValue("Content-Type").orElse("").startsWith("application/") &&
                answer.body().trimStart().startsWith("{")
            if (status in 200..299 && isOurs) return answer.body()
            if (status in 400..499 && status != 408 && status != 429) throw Refused(status, answer.body())
            why = if (isOurs) "status $status" else "status $status, not from the service"
            retryAfter = answer.headers().firstValue("Retry-After").orElse(null)
        } catch (error: IOException) {
            why = error.toString() // no network, or the answer was lost: it may be stored, so the same id again
        }
        if (attempt + 1 < ATTEMPTS) {
            val wait = pause(attempt, retryAfter)
            System.err.println("$why; again in ${wait / 1000.0} s")
            Thread.sleep(wait)
        }
    }
    throw IOException("$ATTEMPTS attempts, the last: $why")
}

var token = ""
var tokenEnds: Long? = null // by a clock that nobody sets

/** The token, fetched anew a minute before it is over. */
fun bearer(): String {
    val ends = tokenEnds
    if (ends == null || System.nanoTime() - ends > 0) {
        val credential = System.getenv("SIPAS_CLIENT_ID") + ":" + System.getenv("SIPAS_CLIENT_SECRET")
        val basic = "Basic " + Base64.getEncoder().encodeToString(credential.toByteArray())
        val answer = send("/oauth/token", basic, "application/x-www-form-urlencoded", "grant_type=client_credentials")
        token = Regex("\"access_token\":\"([^\"]+)\"").find(answer)!!.groupValues[1]
        val seconds = Regex("\"expires_in\":(\\d+)").find(answer)!!.groupValues[1].toLong()
        tokenEnds = System.nanoTime() + (seconds - 60) * 1_000_000_000
    }
    return "Bearer $token"
}

/** Sends with a token, and once more with a new one if it was over early. */
fun post(path: String, type: String, body: String): String = try {
    send(path, bearer(), type, body)
} catch (refused: Refused) {
    if (refused.status != 401) throw refused
    tokenEnds = null
    send(path, bearer(), type, body)
}

/** The id belongs to the response from the moment the citizen finishes. A kiosk writes both down before the first attempt. */
fun withId(response: String): String {
    val text = response.trim()
    return if (text.contains("\"id\":")) text else "{\"id\":\"${newId()}\"," + text.removePrefix("{")
}

/** 201 is stored now, 200 with `replayed` was stored before: success both. */
fun sendOne(response: String): Boolean {
    println(post("/v1/responses", "application/json", withId(response)))
    return true
}

/** Each has an outcome of its own: drop what is created or replayed, keep and show to a person what is not. */
fun sendBacklog(lines: List<String>): Boolean {
    var good = true
    for (some in lines.map(::withId).chunked(BULK)) {
        val answer = post("/v1/responses/batch", "application/x-ndjson", some.joinToString("\n"))
        println(answer)
        val outcomes = Regex("\"outcome\":\"([a-z]+)\"").findAll(answer).map { it.groupValues[1] }.toList()
        if (outcomes.size != some.size || outcomes.any { it != "created" && it != "replayed" }) good = false
    }
    return good
}

fun main(arguments: Array<String>) {
    val text = File(arguments.last()).readText()
    val good = try {
        if (arguments[0] == "--backlog") sendBacklog(text.lines().filter { it.isNotBlank() }) else sendOne(text)
    } catch (error: Exception) {
        System.err.println(error.message)
        false
    }
    exitProcess(if (good) 0 else 1)
}
