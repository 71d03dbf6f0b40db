-- Orders and their items as the shop has them. order_date is on clocks of GMT-03:00.
CREATE TABLE orders (
  id text PRIMARY KEY,
  order_date timestamp NOT NULL,
  status text,
  device text,
  order_total numeric
);
CREATE INDEX orders_by_date ON orders (order_date);
CREATE TABLE order_items (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  order_id text NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
  code_color text NOT NULL
);
CREATE INDEX order_items_by_order ON order_items (order_id);
