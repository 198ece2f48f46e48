-- What the SQLite shell runs as a benchmark: inserts, an index, joins, aggregates, text.
CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, price INTEGER);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
  INSERT INTO item SELECT i, 'item ' || (i * 7919 % 4001), i * 31 % 977 FROM n;
CREATE INDEX by_name ON item(name);
SELECT count(*), sum(price), max(name) FROM item WHERE name LIKE 'item 1%';
SELECT count(*) FROM item a JOIN item b ON a.name = b.name WHERE a.price < b.price;
SELECT name, count(*) AS times FROM item GROUP BY name ORDER BY times DESC, name LIMIT 3;
UPDATE item SET price = price + 1 WHERE id % 3 = 0;
SELECT sum(price * length(name)) FROM item;
