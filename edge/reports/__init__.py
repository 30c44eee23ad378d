"""Reports: what a page says as plain data, and the page as PDF, CSV or JSON. Knows nothing of orders, items or journals."""
