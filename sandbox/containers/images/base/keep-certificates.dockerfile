# The host's certificates stay in the image, for programs that are added to it behind a proxy that inspects TLS.
COPY host-ca.crt /etc/ssl/certs/ca-certificates.crt
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
