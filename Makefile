# The two to remember: `make demo` is the main job on a fresh machine, `make test` passes the tests.

SHELL := /bin/bash
SWIFT := swift
# Debian's, for which `packages` installs what the tests import.
PYTHON := /usr/bin/python3
RELEASE := -c release --static-swift-stdlib

.PHONY: help packages clients build demo test unit end-to-end sanitize fuzz bench lint format install clean

help:
	@echo 'make build       batond and baton into .build/release/'
	@echo 'make demo        twelve runs, one import, one of them killed in the middle'
	@echo 'make test        every test: rooms, then the real programs over real sockets'
	@echo 'make sanitize    the same under ThreadSanitizer, then AddressSanitizer'
	@echo 'make fuzz        the parser, guided by coverage'
	@echo 'make bench       the figures, measured here and now'
	@echo 'make lint        what the format settings have to say'
	@echo 'make install     into $$DESTDIR$$PREFIX (default /usr/local)'

# Debian packages that a fresh machine lacks; with sudo where not root.
packages:
	@deploy/install-packages

build: packages
	$(SWIFT) build $(RELEASE)

demo: build
	@docs/demo/demo.sh

test: packages unit end-to-end

unit:
	$(SWIFT) build --build-tests
	$(SWIFT) test --skip-build

# Newer ones than the system's, to be tried beside it; where PyPI can't be reached, it says so.
clients:
	@deploy/fetch-clients

end-to-end: build clients
	$(PYTHON) -u Tests/EndToEnd/run.py

sanitize: packages
	Tests/Sanitizers/run.sh thread address

fuzz:
	Tests/Fuzz/run.sh

bench: build
	.build/release/baton-bench

lint:
	$(SWIFT) format lint --strict -r Package.swift Sources Tests

format:
	$(SWIFT) format -i -r Package.swift Sources Tests

# UNITS is where systemd looks for units that an administrator installed. An edited batond.yaml stays.
PREFIX := /usr/local
UNITS := /etc/systemd/system
CONFIG := /etc/baton/batond.yaml
install: build
	install -D -m 755 .build/release/batond $(DESTDIR)$(PREFIX)/bin/batond
	install -D -m 755 .build/release/baton $(DESTDIR)$(PREFIX)/bin/baton
	install -D -m 644 -t $(DESTDIR)$(UNITS) deploy/systemd/batond.socket deploy/systemd/batond.service
	sed -i 's#/usr/local/bin/#$(PREFIX)/bin/#' $(DESTDIR)$(UNITS)/batond.service
	[ -e $(DESTDIR)$(CONFIG) ] || install -D -m 644 config/batond.yaml $(DESTDIR)$(CONFIG)

clean:
	rm -rf .build
