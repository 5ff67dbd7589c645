"""How cost grows: the same work at sizes from small to large, beside SQLAlchemy and the driver's own tools.

A topic is a module here, and has a picture in `docs/pictures/`, drawn by `hatch run bench:pictures`. This
package imports nothing: the topics need peers; what judges figures and reads them does not.
"""
