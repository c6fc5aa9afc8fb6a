-- The schema of the module `orders`, as its migrations leave it (fixtures/orders/order_rows.c).
CREATE TABLE orders (
    id INTEGER PRIMARY KEY NOT NULL,
    customer TEXT NOT NULL,
    cancelled INTEGER NOT NULL CHECK (cancelled IN (0, 1)),
    placement INTEGER NOT NULL
);
CREATE INDEX orders_by_customer ON orders (customer);
CREATE TABLE order_lines (
    order_id INTEGER NOT NULL,
    line INTEGER NOT NULL,
    item TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (order_id, line),
    FOREIGN KEY (order_id) REFERENCES orders (id)
);
PRAGMA user_version = 2;
