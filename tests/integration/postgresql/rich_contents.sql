-- What is in it, as few lines.
SELECT count(*), sum(id), count(area), md5(string_agg(t::text, '|' ORDER BY id)) FROM town t;
SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM "odd ""schema"" with ;"."Table; -- ""quoted""" t;
SELECT md5(string_agg(w::text, '|' ORDER BY at)) FROM written w;
SELECT count(*) FROM child_a; SELECT count(*) FROM child_rest; SELECT * FROM big; SELECT * FROM counted;
SELECT twice(21), last_value FROM numbers; SELECT obj_description('town'::regclass);
