/* SPDX-License-Identifier: Apache-2.0 */
/* What a program is in memory that does nothing but wake the libraries which churnd uses. One JSON line. */
#include <curl/curl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <unistd.h>

/* Bytes; 0: unknown. */
static uint64_t
resident(void)
{
	uint64_t size, pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	if (file == NULL)
		return 0;
	if (fscanf(file, "%" SCNu64 " %" SCNu64, &size, &pages) != 2)
		pages = 0;
	fclose(file);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

int
main(void)
{
	EVP_MD *sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || sha256 == NULL)
		return 1;
	printf("{\"rss\": %" PRIu64 "}\n", resident());
	EVP_MD_free(sha256);
	curl_global_cleanup();
	return 0;
}
