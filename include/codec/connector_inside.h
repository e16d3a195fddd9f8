/* SPDX-License-Identifier: Apache-2.0 */
/* What a connector is made of; for the rooms that read, print and judge with it. */
#ifndef CODEC_CONNECTOR_INSIDE_H
#define CODEC_CONNECTOR_INSIDE_H

#include "codec/wording.h"

#define CONNECTOR_MAX_BYTES ((size_t)256 << 10) /* of a file */
#define CONNECTOR_MAX_PARAMETERS 32
#define CONNECTOR_MAX_TEXTS 24
#define CONNECTOR_MAX_TABLES 16
#define CONNECTOR_MAX_ROWS 64 /* of a table, or of what replies mean */
#define CONNECTOR_MAX_HEADERS 32
#define CONNECTOR_METHOD_MOST 16 /* letters */
#define CONNECTOR_MAX_DIGEST 100

struct connector_parameter {
	struct str name, value; /* value: the default */
	bool required, secret;
};

/* A text of its own: one wording for each family and language. */
struct connector_text {
	struct str name;
	bool is_rich;			  /* in the connector's markup; else plain */
	struct wording said[FAMILIES][2]; /* [][1]: Chinese; count 0: none */
	bool given[FAMILIES];
	struct wording tail[2]; /* stands behind the cut, whole */
	size_t most;		/* bytes; 0: no limit but the body's */
	bool one_line, required;
};

/* A body is a tree that is printed as JSON, so that nothing put into it can break it. */
enum shape_kind {
	SHAPE_TEXT,    /* a JSON string */
	SHAPE_LITERAL, /* true, false, null or a number, as written */
	SHAPE_RAW,     /* a subtree of the alert */
	SHAPE_MAP,
	SHAPE_LIST,
	SHAPE_BLOCK,	/* "{if ..}" or "{each ..}": its child, or no child, or many */
	SHAPE_JSON_TEXT /* "{json}": its child as a JSON string that holds JSON */
};

struct shape {
	enum shape_kind kind;
	struct str key;		    /* of a pair */
	struct wording key_wording; /* instead, of a key with holes */
	bool has_key_wording;
	bool optional; /* "key?": left out when there is nothing in it */
	struct str literal;
	struct wording wording;
	struct wording_piece block;
	const struct shape *children;
	unsigned count;
};

struct connector_header {
	struct str name;
	struct wording value;
};

/* One request as a file describes it. */
struct request_form {
	struct wording method, url;
	bool has_url;
	struct connector_header *headers;
	unsigned header_count;
	const struct shape *body; /* or NULL */
	bool is_form;		  /* body's pairs go as application/x-www-form-urlencoded */
	struct wording text;	  /* a body that is one text */
	bool has_text;
};

/* A row of what a reply means; what is not given fits all. */
struct reply_row {
	int status_from, status_to; /* 0: any; else for 2xx only where it means delivered */
	const struct str *is;	    /* codes */
	unsigned is_count;
	struct str says; /* a part of the message, without case */
	enum retry_outcome means;
	bool is_stale; /* and the token is */
};

#define REPLY_MAX_POINTERS 4
struct reply_form {
	struct str codes
		[REPLY_MAX_POINTERS]; /* JSON pointers (RFC 6901); the first that is there counts */
	unsigned code_count;
	bool is_text;	    /* the whole body is the code */
	struct str message; /* pointer */
	struct reply_row *rows;
	unsigned row_count;
};

enum secret_use { SECRET_NONE, SECRET_OPTIONAL, SECRET_REQUIRED, SECRET_STANDARD };

struct connector {
	struct str name;
	enum markup markup;  /* of rich texts */
	struct str lang;     /* of an endpoint that says none */
	struct str people;   /* the system by which people are named */
	struct str home;     /* the url of an endpoint that says none */
	struct str *accepts; /* types of alerts, "task.*"; none: all */
	unsigned accept_count;
	enum secret_use secret;
	struct connector_parameter *parameters;
	unsigned parameter_count;
	struct word_table *tables;
	unsigned table_count;
	struct connector_text *texts;
	unsigned text_count;
	struct request_form request;
	size_t most; /* bytes of the body */
	struct wording sign_key, sign_message;
	bool has_sign;
	struct reply_form reply;
	struct rate rate;
	unsigned digest_max;
	struct connector_token {
		bool given;
		struct request_form request;
		struct reply_form reply;
		struct str pointer,
			expires; /* JSON pointers; expires may be none: seconds from now */
		int64_t lives;	 /* ms, where the reply does not say */
	} token;
};

const struct connector_parameter *connector_parameter_find(const struct connector *connector,
							   struct str name); /* or NULL */
const struct connector_text *connector_text_find(const struct connector *connector,
						 struct str name);
const struct word_table *connector_table_find(const struct connector *connector,
					      struct str name);
/* A text as the alert at hand, its language and its limit want it; appends. */
void connector_text_print(struct buf *out, const struct connector_text *text,
			  struct wording_env *env);

/* shape.c */
bool shape_parse(struct form *form, const struct yaml_node *node,
		 const struct wording_names *names, struct shape *out) MUST_CHECK;
void shape_print(struct buf *out, const struct shape *shape, struct wording_env *env);
/* The pairs of a map as a form: name=value&... */
void shape_print_form(struct buf *out, const struct shape *map, struct wording_env *env);

/* What a request is made of, as keys of a map in a file; what the map does not give stays. */
struct request_nodes {
	const struct yaml_node *method, *url, *headers, *body, *form;
};
void connector_read_request(struct form *form, const struct request_nodes *nodes,
			    const struct wording_names *names, struct request_form *out);
/* `parameters:`, `maps:` and `texts:`, each put behind those that are there, or in the place of its namesake. */
void connector_read_parameters(struct form *form, const struct yaml_node *node,
			       struct connector *connector);
void connector_read_tables(struct form *form, const struct yaml_node *node,
			   struct connector *connector);
void connector_read_texts(struct form *form, const struct yaml_node *node,
			  struct connector *connector);
void connector_read_limits(struct form *form, const struct yaml_node *node,
			   struct connector *connector);
/* Also what is no format of its own, and only built upon. */
const struct connector *connector_preset_base(struct str name);
/* connector_rows.c */
void connector_read_reply(struct form *form, const struct yaml_node *node,
			  struct reply_form *out);
void connector_read_rate(struct form *form, const struct yaml_node *node,
			 const struct form_row *row, void *into); /* struct rate */
bool connector_is_pointer(struct str text);

/* connector_judge.c */
json_t *connector_point(json_t *root, struct str pointer); /* borrowed, or NULL */

#endif
