/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The end of a configuration.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

void config_free(struct config *config)
{
	for (size_t i = 0; config->rules && i < config->rule_count; i++) {
		free(config->rules[i].ranges);
		free(config->rules[i].destinations);
		free(config->rule_texts[i]);
	}
	free(config->interfaces);
	free(config->absent);
	free(config->routes);
	free(config->rules);
	free(config->rule_texts);
	free(config->masquerades);
	free(config->forwards);
	free(config->text);
	memset(config, 0, sizeof(*config));
}
