/* SPDX-License-Identifier: Apache-2.0 */
/* Other webhooks while it runs: makes all of the new ones, then puts them in the old ones' place. */
#include <assert.h>

#include "base/mem.h"
#include "io/log.h"
#include "io/outbox_inside.h"

struct config_share *
config_share_create(const struct config *config, struct config *owned)
{
	struct config_share *share = mem_alloc(sizeof *share);

	*share = (struct config_share){.config = config, .owned = owned, .users = 1};
	return share;
}

void
config_share_drop(void *ctx)
{
	struct config_share *share = ctx;

	assert(share->users > 0);
	if (--share->users > 0)
		return;
	if (share->owned != NULL)
		config_destroy(share->owned);
	mem_free(share);
}

struct sender *
outbox_make_sender(struct outbox *outbox, struct config_share *share,
		   const struct endpoint_config *endpoint, struct str folder, struct err *err)
{
	const struct sender_options options = {
		.base = outbox->base,
		.loop = outbox->loop,
		.almanac = &outbox->almanac,
		.config = share->config,
		.endpoint = endpoint,
		.folder = folder,
		.gone = config_share_drop,
		.ctx = share,
	};
	struct sender *sender = sender_create(&options, err);

	if (sender == NULL)
		err_prefix(err, "webhooks: %.*s", STR_ARG(endpoint->name));
	else
		share->users++;
	return sender;
}

/* NULL: one of them cannot be made, and none is kept. */
static struct sender **
make_senders(struct outbox *outbox, struct config_share *share, struct str folder,
	     struct err *err)
{
	const struct config *config = share->config;
	struct sender **senders = mem_array(config->endpoint_count, sizeof(struct sender *));

	for (unsigned i = 0; i < config->endpoint_count; i++) {
		senders[i] =
			outbox_make_sender(outbox, share, &config->endpoints[i], folder, err);
		if (senders[i] != NULL)
			continue;
		while (i > 0)
			sender_release(senders[--i]);
		mem_free(senders);
		return NULL;
	}
	return senders;
}

/* Takes the endpoint of that name out of the list, or gives NULL. */
static struct endpoint *
take_from(struct endpoint **list, size_t count, struct str name)
{
	for (size_t i = 0; i < count; i++) {
		struct endpoint *endpoint = list[i];

		if (endpoint == NULL || !str_eq(endpoint_name(endpoint), name))
			continue;
		list[i] = NULL;
		return endpoint;
	}
	return NULL;
}

static struct endpoint *
take_leaving(struct outbox *outbox, struct str name)
{
	struct endpoint *endpoint = take_from(outbox->leaving, outbox->leaving_count, name);
	size_t kept = 0;

	for (size_t i = 0; i < outbox->leaving_count; i++)
		if (outbox->leaving[i] != NULL)
			outbox->leaving[kept++] = outbox->leaving[i];
	outbox->leaving_count = kept;
	return endpoint;
}

/* The endpoint of that name goes on under its new configuration; or there is a new one. */
static struct endpoint *
renew(struct outbox *outbox, struct endpoint **old, unsigned old_count,
      const struct endpoint_config *config, struct sender *sender)
{
	struct endpoint *endpoint = take_from(old, old_count, config->name);
	bool stays = endpoint != NULL;

	if (!stays)
		endpoint = take_leaving(outbox, config->name);
	if (endpoint != NULL) {
		endpoint_configure(endpoint, config, sender);
		if (!stays)
			endpoint_start(endpoint);
		return endpoint;
	}
	log_info("outbox", "%.*s is new", STR_ARG(config->name));
	endpoint = endpoint_create(&outbox->home, config, sender);
	if (redis_is_up(outbox->redis))
		outbox_load(outbox, endpoint);
	return endpoint;
}

static void
let_go(struct outbox *outbox, struct endpoint **old, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (old[i] == NULL)
			continue;
		log_info("outbox", "%.*s is no longer configured; its progress stays",
			 STR_ARG(endpoint_name(old[i])));
		MEM_RESERVE(outbox->leaving, outbox->leaving_cap, outbox->leaving_count + 1);
		outbox->leaving[outbox->leaving_count++] = old[i];
		endpoint_stop(old[i]);
	}
}

static void
put_in_force(struct outbox *outbox, struct sender **senders)
{
	const struct config *config = outbox->share->config;
	struct endpoint **old = outbox->endpoints;
	struct endpoint **endpoints = mem_array(config->endpoint_count, sizeof *endpoints);
	unsigned old_count = outbox->count;

	/* Meanwhile nobody may look: an endpoint that goes on may ask for what is to be read. */
	outbox->count = 0;
	for (unsigned i = 0; i < config->endpoint_count; i++)
		endpoints[i] = renew(outbox, old, old_count, &config->endpoints[i], senders[i]);
	outbox->endpoints = endpoints;
	outbox->count = config->endpoint_count;
	let_go(outbox, old, old_count);
	for (unsigned i = 0; outbox->held && i < outbox->count; i++)
		endpoint_stop(outbox->endpoints[i]);
	mem_free(old);
}

bool
outbox_reload(struct outbox *outbox, struct config *config, struct str folder, struct err *err)
{
	struct config_share *share = config_share_create(config, config), *old = outbox->share;
	struct sender **senders = make_senders(outbox, share, folder, err);

	webhook_loop_rest(outbox->loop);
	if (senders == NULL) {
		share->owned = NULL;
		config_share_drop(share);
		return false;
	}
	outbox->share = share;
	put_in_force(outbox, senders);
	config_share_drop(old);
	mem_free(senders);
	outbox_connect(outbox);
	outbox_wake(outbox);
	return true;
}
