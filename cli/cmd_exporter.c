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

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned int status,
			      const char *type, char *text, size_t length,
			      enum MHD_ResponseMemoryMode memory)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(length, text, memory);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result answer_with(struct MHD_Connection *connection, unsigned int status,
				   char *text)
{
	return answer(connection, status, "text/html; charset=utf-8", text, strlen(text),
		      MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *path,
			      const char *method, const char *version, const char *upload,
			      size_t *upload_size, void **state)
{
	static char index[] = "<!doctype html><title>xfw</title><a href=metrics>metrics</a>\n";
	static char missing[] = "not found: the metrics are at /metrics\n";
	static char wrong_method[] = "only GET is understood\n";
	const struct invocation *invocation = context;
	size_t length;
	char *text;

	(void)version;
	(void)upload;
	(void)upload_size;
	(void)state;
	if (strcmp(method, MHD_HTTP_METHOD_GET))
		return answer_with(connection, MHD_HTTP_METHOD_NOT_ALLOWED, wrong_method);
	if (!strcmp(path, "/"))
		return answer_with(connection, MHD_HTTP_OK, index);
	if (strcmp(path, "/metrics"))
		return answer_with(connection, MHD_HTTP_NOT_FOUND, missing);
	text = metrics_text(invocation->pin_directory, &length);
	if (!text)
		return MHD_NO;
	return answer(connection, MHD_HTTP_OK, METRICS_TYPE, text, length, MHD_RESPMEM_MUST_FREE);
}

/* ADDR:PORT, [ADDR]:PORT of IPv6; numbers only. */
static int read_listen(const struct invocation *invocation, const char *text,
		       struct sockaddr_storage *address)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
				       .ai_socktype = SOCK_STREAM};
	const char *colon = strrchr(text, ':');
	struct addrinfo *found;
	char host[64];
	size_t length;

	if (!colon || colon == text || (size_t)(colon - text) >= sizeof(host))
		return say_error(invocation, "exporter: '%s' is no ADDR:PORT", text);
	length = colon - text;
	if (text[0] == '[' && text[length - 1] == ']') {
		text++;
		length -= 2;
	}
	memcpy(host, text, length);
	host[length] = '\0';
	if (getaddrinfo(host, colon + 1, &hints, &found))
		return say_error(invocation, "exporter: '%s' is no ADDR:PORT", text);
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
