/* SPDX-License-Identifier: MIT */
#include "store/log_origin.h"

struct event_origin log_origin(const struct log_meta *meta, struct log_id id)
{
	return (struct event_origin){
		.id = id,
		.has_type = meta->has_type,
		.type = meta->type,
		.source = meta->source,
		.channel = meta->channel,
		.machine = meta->machine,
		.no_traits = meta->no_traits,
		.link_rights = meta->link_rights,
		.recv_at = meta->recv_at,
		.sent_at = meta->sent_at,
		.context = meta->context,
	};
}
