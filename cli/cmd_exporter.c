/* SPDX-License-Identifier: GPL-2.0 */
/*
 * exporter: the metrics over HTTP. The instance is opened for each scrape, so that up, down and
 * apply may come and go meanwhile.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <signal.h>
#include <string.h>

#include "command.h"
#include "metrics.h"

#define DEFAULT_LISTEN "127.0.0.1:9567"
#define METRICS_TYPE   "text/plain; version=0.0.4; charset=utf-8"

struct page {
	unsigned int status;
	const char *type;
	const char *text;
};

static const struct page index_page = {
	MHD_HTTP_OK, "text/html; charset=utf-8",
	"<!doctype html><title>xfw</title><a href=metrics>metrics</a>\n"};
static const struct page missing_page = {MHD_HTTP_NOT_FOUND, "text/plain; charset=utf-8",
					 "not found: the metrics are at /metrics\n"};
static const struct page wrong_method_page = {MHD_HTTP_METHOD_NOT_ALLOWED,
					      "text/plain; charset=utf-8",
					      "only GET and HEAD are understood\n"};
static const struct page memory_page = {MHD_HTTP_INTERNAL_SERVER_ERROR, "text/plain; charset=utf-8",
					"out of memory\n"};

/* @response is freed. */
static enum MHD_Result answer(struct MHD_Connection *connection, unsigned int status,
			      const char *type, struct MHD_Response *response)
{
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED) /* RFC 9110 15.5.6 */
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result answer_page(struct MHD_Connection *connection, const struct page *page)
{
	return answer(connection, page->status, page->type,
		      MHD_create_response_from_buffer(strlen(page->text), (void *)page->text,
						      MHD_RESPMEM_PERSISTENT));
}

static enum MHD_Result answer_metrics(struct MHD_Connection *connection, const char *pin_directory)
{
	size_t length;
	char *text = metrics_text(pin_directory, &length);

	if (!text)
		return answer_page(connection, &memory_page);
	return answer(connection, MHD_HTTP_OK, METRICS_TYPE,
		      MHD_create_response_from_buffer(length, text, MHD_RESPMEM_MUST_FREE));
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *path,
			      const char *method, const char *version, const char *upload,
			      size_t *upload_size, void **state)
{
	const struct invocation *invocation = context;

	(void)version;
	(void)upload;
	(void)upload_size;
	(void)state;
	/* To a HEAD libmicrohttpd itself sends no body. */
	if (strcmp(method, MHD_HTTP_METHOD_GET) && strcmp(method, MHD_HTTP_METHOD_HEAD))
		return answer_page(connection, &wrong_method_page);
	if (!strcmp(path, "/"))
		return answer_page(connection, &index_page);
	if (strcmp(path, "/metrics"))
		return answer_page(connection, &missing_page);
	return answer_metrics(connection, invocation->pin_directory);
}

static int refuse_listen(const struct invocation *invocation, const char *text)
{
	return say_error(invocation,
			 "exporter: --listen '%s' is no ADDR:PORT (127.0.0.1:9567, [::1]:9567)",
			 text);
}

/* ADDR:PORT, [ADDR]:PORT of IPv6; numbers only. */
static int read_listen(const struct invocation *invocation, const char *text,
		       struct sockaddr_storage *address)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
				       .ai_socktype = SOCK_STREAM};
	const char *colon = strrchr(text, ':'), *start = text;
	struct addrinfo *found;
	char host[64];
	size_t length = colon ? colon - text : 0;

	if (!length || length >= sizeof(host))
		return refuse_listen(invocation, text);
	if (text[0] == '[' && text[length - 1] == ']') {
		start++;
		length -= 2;
	} else if (memchr(text, ':', length)) {
		/* Where an IPv6 address ends and its port begins only brackets tell. */
		return refuse_listen(invocation, text);
	}
	memcpy(host, start, length);
	host[length] = '\0';
	if (getaddrinfo(host, colon + 1, &hints, &found))
		return refuse_listen(invocation, text);
	memcpy(address, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	return EXIT_DONE;
}

int command_exporter(const struct invocation *invocation)
{
	const char *listen = invocation->listen ?: DEFAULT_LISTEN;
	unsigned int flags = MHD_USE_INTERNAL_POLLING_THREAD;
	struct sockaddr_storage address = {};
	struct MHD_Daemon *daemon;
	sigset_t stops;
	int signal;

	if (invocation->word_count > 1)
		return say_usage(invocation);
	if (read_listen(invocation, listen, &address))
		return EXIT_REFUSED;
	sigemptyset(&stops);
	sigaddset(&stops, SIGINT);
	sigaddset(&stops, SIGTERM);
	sigprocmask(SIG_BLOCK, &stops, NULL);
	if (address.ss_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	daemon = MHD_start_daemon(flags, 0, NULL, NULL, handle, (void *)invocation,
				  MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_CONNECTION_TIMEOUT,
				  10U, MHD_OPTION_CONNECTION_LIMIT, 16U, MHD_OPTION_END);
	if (!daemon)
		return say_error(invocation, "exporter: cannot listen on %s: %s", listen,
				 strerror(errno));
	sigwait(&stops, &signal);
	MHD_stop_daemon(daemon);
	return EXIT_DONE;
}
