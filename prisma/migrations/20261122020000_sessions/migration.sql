-- Sessions: a sign-in on a device, and the chain of its refresh tokens. No token was issued before.

-- AlterTable
ALTER TABLE "refresh_tokens" ADD COLUMN     "sealed_successor" BYTEA,
ADD COLUMN     "session_id" UUID NOT NULL,
ADD COLUMN     "successor_id" UUID,
ADD COLUMN     "used_at" TIMESTAMPTZ(3),
ALTER COLUMN "created_at" DROP DEFAULT;

-- CreateTable
CREATE TABLE "sessions" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "user_agent" TEXT,
    "ip_address" INET,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "last_used_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "end_reason" TEXT,

    CONSTRAINT "sessions_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateIndex
CREATE INDEX "sessions_org_id_user_id_created_at_idx" ON "sessions"("org_id", "user_id", "created_at");

-- CreateIndex
CREATE INDEX "sessions_org_id_expires_at_idx" ON "sessions"("org_id", "expires_at");

-- CreateIndex
CREATE INDEX "refresh_tokens_org_id_session_id_idx" ON "refresh_tokens"("org_id", "session_id");

-- CreateIndex
CREATE INDEX "refresh_tokens_org_id_successor_id_idx" ON "refresh_tokens"("org_id", "successor_id");

-- AddForeignKey
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_org_id_user_id_fkey" FOREIGN KEY ("org_id", "user_id") REFERENCES "users"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "refresh_tokens" ADD CONSTRAINT "refresh_tokens_org_id_session_id_fkey" FOREIGN KEY ("org_id", "session_id") REFERENCES "sessions"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "refresh_tokens" ADD CONSTRAINT "refresh_tokens_org_id_successor_id_fkey" FOREIGN KEY ("org_id", "successor_id") REFERENCES "refresh_tokens"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;


ALTER TABLE "sessions" ADD CONSTRAINT "sessions_ended_with_reason" CHECK ((ended_at IS NULL) = (end_reason IS NULL));
ALTER TABLE "refresh_tokens" ADD CONSTRAINT "refresh_tokens_succeeded_when_used" CHECK ((used_at IS NULL) = (successor_id IS NULL));
