/* SPDX-License-Identifier: GPL-2.0 */
/*
 * exporter: the metrics over HTTP. The instance is opened for each scrape, so that up, down and
 * apply may come and go meanwhile; by a process of its own, so that the one that the network
 * talks to needs no privilege.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "metrics_process.h"

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
static const struct page no_answer_page = {MHD_HTTP_INTERNAL_SERVER_ERROR,
					   "text/plain; charset=utf-8",
					   "out of memory, or the process that reads is gone\n"};

struct exporter {
	const struct invocation *invocation;
	const char *listen_on; /* as it was given */
	int socket;	       /* listens there */
	int reader;	       /* the way to the process that reads */
};

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

static enum MHD_Result answer_metrics(struct MHD_Connection *connection, int reader)
{
	size_t length;
	char *text = metrics_process_ask(reader, &length);

	if (!text)
		return answer_page(connection, &no_answer_page);
	return answer(connection, MHD_HTTP_OK, METRICS_TYPE,
		      MHD_create_response_from_buffer(length, text, MHD_RESPMEM_MUST_FREE));
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *path,
			      const char *method, const char *version, const char *upload,
			      size_t *upload_size, void **state)
{
	const struct exporter *exporter = context;

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
	return answer_metrics(connection, exporter->reader);
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

/* While root: its port may be one of the first 1024. An exit status. */
static int start_listening(struct exporter *exporter)
{
	struct sockaddr_storage address = {};
	socklen_t size;
	int on = 1;

	if (read_listen(exporter->invocation, exporter->listen_on, &address))
		return EXIT_REFUSED;
	size = address.ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
					     : sizeof(struct sockaddr_in);
	exporter->socket = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (exporter->socket >= 0 &&
	    !setsockopt(exporter->socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) &&
	    (address.ss_family != AF_INET6 ||
	     !setsockopt(exporter->socket, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on))) &&
	    !bind(exporter->socket, (struct sockaddr *)&address, size) &&
	    !listen(exporter->socket, SOMAXCONN))
		return EXIT_DONE;
	return say_error(exporter->invocation, "exporter: cannot listen on %s: %s",
			 exporter->listen_on, strerror(errno));
}

/* What the network talks to. An exit status. */
static int serve(struct exporter *exporter)
{
	int error = privileges_become_nobody();
	struct MHD_Daemon *daemon;

	if (error)
		return say_error(exporter->invocation,
				 "exporter: cannot give up its privileges: %s%s", strerror(-error),
				 error == -EPERM ? " (root needs CAP_SETUID and CAP_SETGID for it)"
						 : "");
	daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, handle, exporter,
				  MHD_OPTION_LISTEN_SOCKET, exporter->socket,
				  MHD_OPTION_CONNECTION_TIMEOUT, 10U, MHD_OPTION_CONNECTION_LIMIT,
				  16U, MHD_OPTION_END);
	if (!daemon)
		return say_error(exporter->invocation, "exporter: cannot serve: %s",
				 strerror(errno));
	error = metrics_process_wait(exporter->reader);
	MHD_stop_daemon(daemon);
	return error ? say_error(exporter->invocation, "exporter: %s", strerror(-error))
		     : EXIT_DONE;
}

/* What reads. An exit status: that of the server, with which it begins and ends. */
static int read_for(struct exporter *exporter, pid_t server)
{
	int error = privileges_drop(), status;

	if (!error)
		error = metrics_process_run(exporter->reader, exporter->invocation->pin_directory);
	/* It ends when nobody is at the other end: to kill it, root without CAP_KILL may not. */
	close(exporter->reader);
	if (error)
		return say_error(exporter->invocation, "exporter: %s", strerror(-error));
	while (waitpid(server, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_REFUSED;
}

static int serve_and_read(struct exporter *exporter)
{
	pid_t server;
	sigset_t stops;
	int ends[2];

	sigemptyset(&stops);
	sigaddset(&stops, SIGINT);
	sigaddset(&stops, SIGTERM);
	sigprocmask(SIG_BLOCK, &stops, NULL);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return say_error(exporter->invocation, "exporter: %s", strerror(errno));
	server = fork();
	if (server < 0)
		return say_error(exporter->invocation, "exporter: cannot fork: %s",
				 strerror(errno));
	/* Each end is one process's alone, so that the other hears when it is gone. */
	exporter->reader = ends[!server];
	close(ends[server > 0]);
	if (!server)
		return serve(exporter);
	close(exporter->socket);
	return read_for(exporter, server);
}

int command_exporter(const struct invocation *invocation)
{
	struct exporter exporter = {.invocation = invocation,
				    .listen_on = invocation->listen ?: DEFAULT_LISTEN};

	if (invocation->word_count > 1)
		return say_usage(invocation);
	return start_listening(&exporter) ?: serve_and_read(&exporter);
}
